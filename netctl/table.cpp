#include "netctl/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace netctl::command {
namespace {

constexpr std::size_t kColumnGap = 3;
constexpr std::size_t kNarrowestColumn = 8;

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value != '\0';
}

// The widths of the columns, cut down to the screen where that can be done.
std::vector<std::size_t> widths_of(const std::vector<Row>& rows, const Screen& screen) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i].text));
    }
  }
  if (screen.width == 0 || widths.empty()) return widths;
  std::size_t whole = kColumnGap * (widths.size() - 1);
  for (const std::size_t width : widths) whole += width;
  for (; whole > screen.width; --whole) {
    const auto widest = std::ranges::max_element(widths);
    if (*widest <= kNarrowestColumn) break;
    --*widest;
  }
  return widths;
}

}  // namespace

Screen screen_of(int fd) {
  if (::isatty(fd) == 0) return {};
  Screen screen{.width = 80, .height = 24};
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    screen.width = size.ws_col;
    screen.height = size.ws_row;
  }
  const char* kind = std::getenv("TERM");
  screen.colours = !is_set("NO_COLOR") && kind && std::string_view(kind) != "dumb";
  return screen;
}

std::string coloured(std::string_view text, Colour colour, const Screen& screen) {
  constexpr std::array<std::string_view, 6> kStarts{"",         "\033[1m",  "\033[32m",
                                                    "\033[33m", "\033[31m", "\033[2m"};
  if (!screen.colours || colour == Colour::None || text.empty()) return std::string(text);
  return std::string(kStarts.at(static_cast<std::size_t>(colour))).append(text).append("\033[0m");
}

Colour colour_of_state(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Colour>, 13> kStates{
      {{"up", Colour::Good},
       {"running", Colour::Good},
       {"held", Colour::Good},
       {"OK", Colour::Good},
       {"down", Colour::Warning},
       {"paused", Colour::Warning},
       {"created", Colour::Warning},
       {"WARN", Colour::Warning},
       {"unknown", Colour::Warning},
       {"dead", Colour::Bad},
       {"unreadable", Colour::Bad},
       {"FAIL", Colour::Bad},
       {"exited", Colour::Faint}}};
  // "exited (0)"
  const std::string_view word = text.substr(0, text.find(" ("));
  const auto known = std::ranges::find(kStates, word, [](const auto& each) { return each.first; });
  if (known != kStates.end()) return known->second;
  return word.ends_with(" gone") || word.starts_with("of a boot") ? Colour::Bad : Colour::None;
}

std::string in_columns(const std::vector<Row>& rows, const Screen& screen) {
  const std::vector<std::size_t> widths = widths_of(rows, screen);
  std::string text;
  for (const Row& row : rows) {
    std::size_t gap = 0;  // owed before the next cell that has something in it
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = shortened(row[i].text, widths[i]);
      if (!cell.empty()) {
        text.append(gap, ' ');
        gap = 0;
      }
      text += coloured(cell, row[i].colour, screen);
      gap += widths[i] - width_of(cell) + kColumnGap;
    }
    text += "\n";
  }
  return text;
}

}  // namespace netctl::command

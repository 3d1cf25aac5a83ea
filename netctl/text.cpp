#include "netctl/text.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace netctl::command {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

// The first one; a byte that begins none is one of its own.
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80   ? 1
                            : lead < 0xc0 ? 0
                            : lead < 0xe0 ? 2
                            : lead < 0xf0 ? 3
                                          : 4;
  if (bytes < 2 || bytes > text.size()) return {.code = lead, .bytes = 1};
  char32_t code = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {.code = lead, .bytes = 1};
    code = code << 6 | (next & 0x3fU);
  }
  // Neither longer than need be, nor half of a pair of UTF-16, nor past the last character.
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool is_none = code < kLeast.at(bytes) || (code >= 0xd800 && code < 0xe000) ||
                       code == 0xfffe || code == 0xffff || code > 0x10ffff;
  return is_none ? Character{.code = lead, .bytes = 1} : Character{.code = code, .bytes = bytes};
}

using Ranges = std::pair<char32_t, char32_t>;

// Unicode Standard Annex 11, by blocks: those whose characters are wide.
constexpr std::array<Ranges, 9> kWide{{{0x1100, 0x115f},
                                       {0x2e80, 0xa4cf},
                                       {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},
                                       {0xfe30, 0xfe6f},
                                       {0xff00, 0xff60},
                                       {0xffe0, 0xffe6},
                                       {0x1f300, 0x1faff},
                                       {0x20000, 0x3fffd}}};
constexpr std::array<Ranges, 4> kMarks{
    {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};

bool is_in(std::span<const Ranges> ranges, char32_t code) {
  return std::ranges::any_of(
      ranges, [&](const Ranges& each) { return code >= each.first && code <= each.second; });
}

std::size_t columns_of(char32_t code) {
  if (code < 0x300) return 1;
  return is_in(kMarks, code) ? 0 : is_in(kWide, code) ? 2 : 1;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    width += columns_of(next.code);
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string_view beginning_of(std::string_view text, std::size_t columns) {
  std::size_t width = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const Character next = first_of(text.substr(end));
    width += columns_of(next.code);
    if (width > columns) break;
    end += next.bytes;
  }
  return text.substr(0, end);
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (width_of(text) <= columns) return std::string(text);
  return columns == 0 ? "" : std::string(beginning_of(text, columns - 1)) + "…";
}

std::string on_one_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const Character next = first_of(text);
    // Those of ISO 6429 with eight bits (U+0080 to U+009F) steer terminals as well.
    const bool is_bad = next.code < 0x20 || (next.code >= 0x7f && next.code < 0xa0) ||
                        (next.code >= 0x80 && next.bytes == 1);
    line += is_bad ? std::string_view("?") : text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
  return line;
}

}  // namespace netctl::command

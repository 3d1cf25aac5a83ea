#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "netctl/text.hpp"

// Text in columns, for a terminal or for a file.
namespace netctl::command {

// What a file descriptor leads to, as far as it matters for how a table looks on it.
struct Screen {
  std::size_t width = 0;  // columns; 0: no terminal, lines are as long as they are
  std::size_t height = 0;
  bool colours = false;  // a terminal that has them, and NO_COLOR (no-color.org) is not set
};
// A terminal that does not tell its size has 80 columns and 24 lines.
Screen screen_of(int fd);

enum class Colour { None, Strong, Good, Warning, Bad, Faint };
// The text in that colour; as it is without colours or with nothing in it.
std::string coloured(std::string_view text, Colour colour, const Screen& screen);
// The colour of what a column says about how something fares: "up", "running", "OK" and the like.
Colour colour_of_state(std::string_view text);

struct Cell {
  std::string text{};
  Colour colour = Colour::None;
};
using Row = std::vector<Cell>;

// Columns as wide as their widest cell, three spaces between them, nothing behind the last. Where
// that is wider than the screen, the widest ones are cut down to what fits, but to no less than 8.
std::string in_columns(const std::vector<Row>& rows, const Screen& screen);

}  // namespace netctl::command

#pragma once

#include <string>
#include <vector>

#include "netctl/graph.hpp"

// Where everything of the drawing is: four columns from left to right, the ways out, the host, its
// networks, their containers. A network stands beside the first container that has it first, and
// lines run in lanes between the columns, so that no two run along each other and none through a
// box. In pixels, from the top left corner.
namespace netctl::command {

// Of the font that the drawing asks for. No fixed-width font in use is wider than 0.61 of its
// height.
inline constexpr double kFontSize = 12;
inline constexpr double kCharacter = kFontSize * 0.61;
inline constexpr double kRow = 18;
inline constexpr double kPadding = 12;
// Texts longer than that are cut.
inline constexpr std::size_t kLongest = 46;

enum class BoxKind { Way, Host, Network, Container };
enum class LineStyle { Title, Plain, Faint, Port };

struct BoxLine {
  std::string text{};  // cut to kLongest
  std::string whole{};
  LineStyle style = LineStyle::Plain;
  int accent = -1;  // the network that it belongs to; -1: none
};

struct Box {
  BoxKind kind = BoxKind::Container;
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  std::vector<BoxLine> lines{};  // the first is the title
  std::string state{};           // to the right of the title
  int accent = -1;
  bool is_dashed = false;

  double middle_of(std::size_t line) const {
    return y + kPadding / 2 + kRow * (static_cast<double>(line) + 0.5);
  }
};

// From the right side of one box, along a lane, to the left side of another.
struct Wire {
  double x1 = 0;
  double y1 = 0;
  double lane = 0;
  double x2 = 0;
  double y2 = 0;
  int accent = -1;
  bool is_dashed = false;
  std::string tip{};  // what it is
};

struct Heading {
  std::string text{};
  double x = 0;
};

struct Drawing {
  double width = 0;
  double height = 0;
  double top = 0;  // of the boxes
  std::vector<Heading> headings{};
  std::vector<Box> boxes{};
  std::vector<Wire> wires{};
};

Drawing layout_of(const Graph& graph);

}  // namespace netctl::command

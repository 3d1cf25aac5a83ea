#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace netctl::man {

struct Target {
  std::string name{};  // netctl-bridge
  int section = 8;
  std::string date{};
  std::string version{};
};

// The cells of a table's line: "a" and "`b | c`" of "| a | `b | c` |". A bar in code, or behind a
// backslash, ends no cell.
std::vector<std::string> cells_of(const std::string& line);

// A page of the documentation as a manual page: the Markdown that docs/ is written in (headings,
// paragraphs, lists, tables, code), not all that there is. The first paragraph's first sentence is
// what the page is about. Of a table each row becomes an item, with its first cell as the head.
// Links to pages of plugins name their manual pages, others keep their text alone.
std::string to_roff(std::string_view markdown, const Target& target);

}  // namespace netctl::man

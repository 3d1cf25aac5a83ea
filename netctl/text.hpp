#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text as people see it: characters, not bytes. It is taken for UTF-8.
namespace netctl::command {

// How many columns of a terminal the text takes: characters of East Asian scripts and pictures take
// two, marks that are put on others none. Bytes that are not UTF-8 count as one each.
std::size_t width_of(std::string_view text);

// As much of the text's beginning as fits into so many columns.
std::string_view beginning_of(std::string_view text, std::size_t columns);

// The text when it fits into so many columns; else its beginning, with "…" as the last of them.
std::string shortened(std::string_view text, std::size_t columns);

// The same text in which "?" stands for what would steer a terminal or break a line (control
// characters), and for bytes that are not UTF-8: fit for a table and for XML.
std::string on_one_line(std::string_view text);

}  // namespace netctl::command

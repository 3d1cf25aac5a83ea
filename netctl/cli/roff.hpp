#pragma once

#include <string>
#include <string_view>

// The little of roff that manual pages take (man(7), groff_man_style(7)).
namespace netctl::roff {

// What every page begins with, up to and with the section NAME.
struct Heading {
  std::string name{};  // netctl-add
  int section = 1;
  std::string date{};     // 2026-01-31
  std::string version{};  // netctl 0.1.0
  std::string about{};    // one line, plain text
};
std::string heading(const Heading& heading);

// Plain text as text of a page: nothing in it is taken for a request or an escape. Lines stay.
std::string text(std::string_view plain);
// The same in bold, where a hyphen is one that can be typed.
std::string bold(std::string_view plain);
// Lines that stand as they are, indented.
std::string literal(std::string_view plain);

}  // namespace netctl::roff

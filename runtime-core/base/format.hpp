#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

namespace netctl {

// Text from a format string and values, as std::format will do it one day. The format string is
// checked when the program is compiled. Only fmt's light core is included here: its heavy part is
// compiled once, in format.cpp.
std::string format_values(fmt::string_view text, fmt::format_args values);

template <class... Values>
std::string format(fmt::format_string<Values...> text, Values&&... values) {
  return format_values(text, fmt::make_format_args(values...));
}

// The texts, one behind the other, with the separator between each two.
std::string joined(const std::vector<std::string>& texts, std::string_view separator);

}  // namespace netctl

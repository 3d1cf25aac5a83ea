#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"

// The files of a cgroup: what is read from them and written to them. Used by group.cpp.
namespace netctl::cgroup {

Status write_value(const std::string& file, const std::string& value);

// Without the newline at its end; nothing where there is no such file, or the group goes meanwhile.
Result<std::optional<std::string>> find_value(const std::string& file);

// For what is only shown: nothing also where it cannot be read.
std::optional<std::string> value_in(const std::string& file);
std::optional<std::uint64_t> number_in(const std::string& file);
// The number behind "key " at the beginning of a line.
std::optional<std::uint64_t> number_behind(const std::string& file, std::string_view key);
// The sum of the numbers behind every occurrence of `key`.
std::optional<std::uint64_t> sum_of(const std::string& file, std::string_view key);

// The number at the beginning of a text.
std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace netctl::cgroup

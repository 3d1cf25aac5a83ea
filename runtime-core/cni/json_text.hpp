#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime-core/base/result.hpp"

// JSON as text, for those who only print it: no header of the JSON library is needed. Pieces are
// put together on one line; indent_json() makes them readable in the end.
namespace netctl::cni {

// A text as a JSON string, in quotes. Bytes that are not UTF-8 come out as U+FFFD.
std::string json_string(std::string_view text);
std::string json_list(const std::vector<std::string>& values);    // of JSON values
std::string json_strings(const std::vector<std::string>& texts);  // a list of JSON strings
// Keys are plain text, values JSON.
std::string json_object(const std::vector<std::pair<std::string, std::string>>& members);

// The value, with its members and items on lines of their own, 4 spaces deeper each level.
Result<std::string> indent_json(std::string_view json);
// The value in YAML, 1.1 or 1.2 alike: a line each, keys in their order, texts in quotes where they
// would be taken for something else. Ends with a newline.
Result<std::string> to_yaml(std::string_view json);

// The object `one` with the members of the object `other`, which win; empty text is an empty
// object. Fails, naming `what`, when either is none.
Result<std::string> merge_json(std::string_view one, std::string_view other, std::string_view what);

}  // namespace netctl::cni

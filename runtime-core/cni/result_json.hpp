#pragma once

#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/types.hpp"

// Results and their parts as parsed JSON, for the sources of cni/ and for the config.cpp of plugins
// whose config has the same parts. Problems go to the reader.
namespace netctl::cni {

// to_json (result.hpp) before it is text.
Result<Json> to_value(const AddResult& result, std::string_view version);
// The value of what a plugin answered to ADD (exec.hpp), of which one that was executed gave only
// the text; "invalid result: …" where that is no JSON.
Result<Json> value_of(Document answer);
// parse_result (result.hpp) of a value; null is a result without anything in it.
Result<AddResult> result_from_json(const Json& value, std::string_view version);

// The list of routes that is the key's value.
std::vector<Route> read_routes(const ObjectReader& object, std::string_view key);
// The four lists of "dns".
Dns read_dns(const ObjectReader& dns);

}  // namespace netctl::cni

#pragma once

#include <string_view>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/types.hpp"

// Results as parsed JSON, for the sources of cni/.
namespace netctl::cni {

// parse_result (result.hpp) of a value; null is a result without anything in it.
Result<AddResult> result_from_json(const Json& value, std::string_view version);

// The four lists of "dns"; problems go to the reader.
Dns read_dns(const ObjectReader& dns);

}  // namespace netctl::cni

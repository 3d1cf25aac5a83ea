#pragma once

#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::cni {

// The result as text in the shape of `version` (one of kVersions, or empty for 0.1.0), indented
// with 4 spaces, no newline at the end. 0.1.0 and 0.2.0 hold one address per family; without any
// the conversion fails.
Result<std::string> to_json(const AddResult& result, std::string_view version);

// A result of any version: the one in its "cniVersion", otherwise `version`. All that is wrong with
// it is said in one error.
Result<AddResult> parse_result(std::string_view json, std::string_view version);

}  // namespace netctl::cni

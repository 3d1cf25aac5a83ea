#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

namespace netctl::cni {

// CNI_ARGS: "K=V;K2=V2". Only the `known` keys are returned; others are refused unless
// IgnoreUnknown=1|true stands anywhere in the text, or they are IP, GATEWAY or MAC, which are meant
// for another plugin of the network then. Keys are case-sensitive. Upstream's words:
// `ARGS: invalid pair "x"`, `ARGS: unknown args ["FOO=bar"]`.
Result<std::map<std::string, std::string>> parse_args(std::string_view text,
                                                      const std::vector<std::string_view>& known);

}  // namespace netctl::cni

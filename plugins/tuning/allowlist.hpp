#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

// Which kernel parameters the administrator lets networks set.
namespace netctl::tuning {

inline constexpr const char* kAllowlistFile = "/etc/cni/tuning/allowlist.conf";

// The expressions in a list, one a line; blank lines count for nothing.
std::vector<std::string> parse_allowlist(std::string_view text);

// Whether each key, as it is written in the config, matches one of the expressions, anywhere in it
// unless the expression has anchors. They are ECMAScript's without references to groups, which
// agree with the reference's RE2 on all that such lists use, and take no longer than a multiple of
// the key's length. An expression that is none is an error: what it was to allow is unknown.
Status check_allowed(const std::map<std::string, std::string>& sysctl,
                     const std::vector<std::string>& allowed);

// The same with the administrator's file; without one everything is allowed.
Status check_allowed(const std::map<std::string, std::string>& sysctl);

}  // namespace netctl::tuning

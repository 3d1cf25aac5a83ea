#pragma once

#include <string_view>

#include "runtime-core/cni/types.hpp"

namespace netctl::host_local {

// The text of a resolv.conf(5): "nameserver" adds its first word, "search" and "options" add all of
// theirs, the last "domain" wins. Comments and unknown lines are skipped.
cni::Dns parse_resolv_conf(std::string_view text);

}  // namespace netctl::host_local

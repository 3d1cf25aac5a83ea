#pragma once

#include <string_view>

#include "runtime-core/addr/ip.hpp"

// Addresses as tests write them: by text that is known to be right.
namespace netctl {

inline IpAddress ip(std::string_view text) { return parse_ip_address(text).value(); }
inline IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }

}  // namespace netctl

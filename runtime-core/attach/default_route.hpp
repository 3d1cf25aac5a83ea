#pragma once

#include <cstdint>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::attach {

// The devices that the default routes lead through, IPv4's before IPv6's; each of them once.
Result<std::vector<rtnl::Link>> default_route_links(rtnl::RouteSocket& socket);

// The MTU of the first; 0 when there is none.
Result<std::uint32_t> default_route_mtu(rtnl::RouteSocket& socket);

}  // namespace netctl::attach

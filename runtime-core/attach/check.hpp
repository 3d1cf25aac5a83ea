#pragma once

#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// What the CHECKs of plugins that make an interface have in common. All need request.prev_result.
namespace netctl::attach {

// The interface of prevResult that is this attachment's, in its namespace; nullptr: it has none.
const cni::Interface* own_interface(const cni::Request& request);

// The addresses of prevResult that are this attachment's: plugins after it may have added
// interfaces with addresses of their own. An address that names no interface is ours.
std::vector<cni::Ip> own_ips(const cni::Request& request);

std::vector<IpPrefix> addresses_of(const std::vector<cni::Ip>& ips);

// The container's end of a veth pair against what prevResult says of it; it has to be up, unless
// `may_be_down`.
void check_veth_inside(const rtnl::Link& link, const cni::Request& request, bool may_be_down,
                       cni::Differences& differences);

// Whether the link has these addresses, whatever others it has besides.
Status check_addresses(rtnl::RouteSocket& socket, const rtnl::Link& link,
                       const std::vector<IpPrefix>& expected, cni::Differences& differences);

}  // namespace netctl::attach

#pragma once

#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// The device of the host that is the gateway of a network: its bridge, or the one of its VLAN.
namespace netctl::attach {

// Before it comes up: no router advertisements, and no duplicate detection of its link-local
// address: until that is done, a second or two, the host could not ask for its containers' IPv6
// neighbours.
void prepare_gateway_device(const std::string& name);

// The device has these addresses. One of an administrator's keeps its MAC address from then on,
// whatever ports come and go: containers know it. `Exists` when it has another address that is in
// the way and `force` is not set; otherwise that one is removed. `back` gets what undoes it.
Status ensure_gateways(rtnl::RouteSocket& host, const rtnl::Link& device,
                       const std::vector<IpPrefix>& gateways, bool force, rtnl::Batch& back);

}  // namespace netctl::attach

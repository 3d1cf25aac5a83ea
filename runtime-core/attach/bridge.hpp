#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/attach/policy.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::attach {

// The bridge that a network's containers are ports of.
struct BridgePlan {
  std::string name{};
  std::string network{};             // becomes its owner tag when we make it
  std::uint32_t mtu = 0;             // when it is made; 0: the kernel's default
  bool promiscuous = false;          // set when true, never cleared
  bool vlan_filtering = false;       // the same
  bool multicast_snooping = true;    // when it is made
  std::vector<IpPrefix> gateways{};  // addresses that it has to have
  bool force_address = false;        // remove addresses that are in the way of these
  Policy policy{};
  bool flow_table = false;  // what is forwarded for it takes the short way
};

// The bridge is there, up, and has its gateway addresses. One that we make gets a MAC address of
// its own, the network's tag as alias, and refuses router advertisements. One that exists is used
// as it is, but one that gets a gateway address keeps its MAC address from then on, whatever ports
// come and go: containers know it. The policy is in force before it has a port. With
// vlan_filtering, one of ours that does not filter by VLAN begins to; one that is not ours is
// NotSupported. `Exists` when it is no bridge, has another address and force_address is not set, or
// is another network's and that one has another policy. Hold the host lock until the port is
// connected: see remove_unused_bridge; exclusive for vlan_filtering.
Result<rtnl::Link> ensure_bridge(rtnl::RouteSocket& host, const BridgePlan& plan, Rollback& undo);

// Whether ensure_bridge() could use what has the name, if anything has.
Status check_bridge_usable(rtnl::RouteSocket& host, const std::string& name, bool vlan_filtering);

// Removes the gateways of VLANs that have no other port left; when the bridge has no port at all or
// is not there, its policy, its part of the flow table, and the bridge itself if we made it.
// Success as well when all stays. Takes the host lock (exclusive), so no port can come in between.
Status remove_unused_bridge(rtnl::RouteSocket& host, const std::string& name);

}  // namespace netctl::attach

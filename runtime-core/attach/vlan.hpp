#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// VLANs of a bridge that filters by them.
namespace netctl::attach {

// The VLANs of an attachment's port.
struct PortVlans {
  std::vector<rtnl::VlanRange> vlans{};  // none: the bridge need not filter
  bool keep_default = false;             // the port stays in the VLAN that all ports are born into
};

// Best before the other end of the port is up: until then it is in the VLAN it was born into.
Status set_vlans(rtnl::RouteSocket& host, int port, const PortVlans& wanted);

// Whether a port is in these VLANs, each in its way; in no others, unless keep_default.
bool has_vlans(const std::vector<rtnl::VlanRange>& present, const PortVlans& wanted);

// Whether a port of the bridge is in other VLANs than all ports are born into, the bridge's own.
Result<bool> has_port_in_other_vlans(rtnl::RouteSocket& host, const rtnl::Link& bridge);

// The host's device in a VLAN: "cni0.100". A name of more than 15 characters has, instead of the
// bridge's name, its first four characters, "~" and five digits of its digest:
// "nc-1a2b3c4d5e6f" and 100 are "nc-1~8a04f.100".
std::string vlan_gateway_name(std::string_view bridge, std::uint16_t vlan);

// The gateway of one VLAN of a bridge.
struct VlanGateway {
  rtnl::Link bridge{};
  std::uint16_t vlan = 0;
  std::string network{};  // becomes its owner tag when we make it
  std::vector<IpPrefix> addresses{};
  bool force_address = false;  // as in ensure_gateways()
};

// The gateway is there, up, and has its addresses: one end of a veth pair whose other end is a port
// of the bridge in that VLAN and no other. One of that name that is not ours is used as it is.
// Hold the host lock (exclusive) until a port that uses it is connected.
Result<rtnl::Link> ensure_vlan_gateway(rtnl::RouteSocket& host, const VlanGateway& plan,
                                       Rollback& undo);

// The port that a gateway of ours leads to; nothing for one that is not ours.
Result<std::optional<rtnl::Link>> find_vlan_gateway_port(rtnl::RouteSocket& host,
                                                         const rtnl::Link& gateway);
// What that port has to be in.
PortVlans gateway_vlans(std::uint16_t vlan);

// The bridge's ports that lead to gateways of ours whose VLAN no other port is in.
Result<std::vector<rtnl::Link>> unused_vlan_gateways(rtnl::RouteSocket& host,
                                                     const rtnl::Link& bridge);
// Hold the host lock (exclusive).
Status remove_unused_vlan_gateways(rtnl::RouteSocket& host, const rtnl::Link& bridge);

}  // namespace netctl::attach

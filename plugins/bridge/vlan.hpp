#pragma once

#include "plugins/bridge/config.hpp"
#include "runtime-core/attach/vlan.hpp"

namespace netctl::bridge {

// The VLANs that the container's port has to be in: "vlan" without a tag, those of "vlanTrunk" with
// one, each once and in order. A trunk without "vlan" has VLAN 1 without a tag.
attach::PortVlans port_vlans(const Config& config);

// Whether the network needs a bridge that filters by VLAN.
bool has_vlans(const Config& config);

// Whether the gateway is a device of the VLAN's own, and not the bridge.
bool has_vlan_gateway(const Config& config);

}  // namespace netctl::bridge

#pragma once

#include <vector>

#include "plugins/bridge/config.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::bridge {

// The addresses that the host has to have on the network: the gateways', when it is the gateway.
std::vector<IpPrefix> gateways_of(const Config& config, const cni::AddResult& result);
// Those of them that the bridge itself has to have: none where its VLAN has a gateway of its own.
std::vector<IpPrefix> bridge_gateways(const Config& config, const cni::AddResult& result);

// Those of the addresses whose packets get the host's address when they leave the network.
std::vector<IpPrefix> masqueraded(const Config& config, const std::vector<cni::Ip>& ips);

// Holds what an ADD made against request.prev_result, which has to be there, and the kernel's
// state. A part that cannot be looked at, such as a namespace that is gone, is a difference, and
// the others are compared all the same. What others may have added is not looked at.
void check_attachment(const cni::Request& request, const Config& config,
                      cni::Differences& differences);

}  // namespace netctl::bridge

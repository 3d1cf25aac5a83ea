#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/network_config.hpp"

// The networks that are there without any configuration, as Docker's network modes are. No file is
// written: other runtimes would pick it up. A config file with such a name takes its place.
//
//   bridge     bridge netctl0 with a gateway address, masquerading, published ports. Its subnet is
//              the one that the bridge has; otherwise the first of 172.17.0.0/16, 172.18.0.0/16 …
//              172.31.0.0/16 that overlaps no route and no address of the host and no configured
//              network.
//   host       the host's own namespace
//   none       loopback only
//   container  the namespace of another container: --arg CONTAINER=ID, or "container:ID"
namespace netctl::command {

inline constexpr std::array<std::string_view, 4> kDefaultNetworks = {"bridge", "container", "host",
                                                                     "none"};
inline constexpr std::string_view kDefaultBridge = "netctl0";

bool is_default_network(std::string_view name);

// One of kDefaultNetworks. `configured` are those of the config directory.
Result<cni::NetworkConfig> default_network(std::string_view name,
                                           const std::vector<cni::NetworkConfig>& configured);

}  // namespace netctl::command

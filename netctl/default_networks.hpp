#pragma once

#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/network_config.hpp"

namespace netctl::command {

inline constexpr std::string_view kDefaultNetwork = "bridge";
inline constexpr std::string_view kDefaultBridge = "netctl0";

// The network that is there without any configuration, as in Docker: bridge netctl0 with a gateway
// address, masquerading, published ports. Its subnet is the one that the bridge has; otherwise the
// first of 172.17.0.0/16, 172.18.0.0/16 … 172.31.0.0/16 that overlaps no route and no address of
// the host, and none of the `configured` networks. No file is written: other runtimes would pick it
// up.
Result<cni::NetworkConfig> default_network(const std::vector<cni::NetworkConfig>& configured);

}  // namespace netctl::command

#include "netctl/default_network.hpp"

#include <algorithm>
#include <string>

#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

// The default network as a config file would have it. 1.0.0 and not newer: the result cache must be
// readable by every runtime in use.
constexpr char kConfig[] = R"({{
  "cniVersion": "1.0.0",
  "name": "{}",
  "plugins": [
    {{
      "type": "bridge",
      "bridge": "{}",
      "isDefaultGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {{ "type": "host-local", "ranges": [[{{ "subnet": "{}" }}]] }}
    }},
    {{ "type": "portmap", "capabilities": {{ "portMappings": true }} }}
  ]
}}
)";

Result<std::optional<IpPrefix>> subnet_of_bridge(rtnl::RouteSocket& host) {
  const auto bridge = TRY(host.find_link(std::string(kDefaultBridge)));
  if (!bridge) return std::optional<IpPrefix>();
  for (const rtnl::Address& address : TRY(host.addresses(bridge->index))) {
    if (address.prefix.address.is_v4()) return std::optional(address.prefix.masked());
  }
  return std::optional<IpPrefix>();
}

Result<std::vector<IpPrefix>> taken_networks(rtnl::RouteSocket& host) {
  std::vector<IpPrefix> taken;
  for (const rtnl::Address& address : TRY(host.addresses())) taken.push_back(address.prefix);
  for (const rtnl::Route& route : TRY(host.routes(Family::V4))) {
    if (!route.destination.is_default()) taken.push_back(route.destination);
  }
  return taken;
}

Result<IpPrefix> default_subnet() {
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  if (const auto subnet = TRY(subnet_of_bridge(host))) return *subnet;
  return choose_subnet(TRY(taken_networks(host)));
}

}  // namespace

Result<IpPrefix> choose_subnet(const std::vector<IpPrefix>& taken) {
  for (int second = 17; second <= 31; ++second) {
    const IpPrefix candidate{.address = IpAddress::v4(172, static_cast<std::uint8_t>(second), 0, 0),
                             .length = 16};
    const bool free = std::ranges::none_of(
        taken, [&](const IpPrefix& prefix) { return prefix.overlaps(candidate); });
    if (free) return candidate;
  }
  return fail(
      Errc::Exhausted,
      "no subnet is free for network \"{}\": every /16 from 172.17.0.0 to 172.31.0.0 overlaps "
      "a route or address of this host; write a network config with a subnet of your choice",
      kDefaultNetwork);
}

Result<cni::NetworkConfig> default_network() {
  const IpPrefix subnet = TRY(default_subnet());
  return cni::parse_network_list(format(kConfig, kDefaultNetwork, kDefaultBridge, subnet.to_text()),
                                 "");
}

}  // namespace netctl::command

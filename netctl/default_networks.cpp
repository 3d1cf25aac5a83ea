#include "netctl/default_networks.hpp"

#include <algorithm>
#include <string>

#include "netctl/subnets.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

// The networks as config files would have them.
constexpr char kBridge[] = R"({{
  "cniVersion": "1.1.0",
  "name": "{}",
  "plugins": [
    {{
      "type": "bridge",
      "bridge": "{}",
      "isDefaultGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "gatewayModeV4": "nat",
      "gatewayModeV6": "nat",
      "capabilities": {{ "ips": true, "mac": true }},
      "ipam": {{ "type": "host-local", "ranges": [[{{ "subnet": "{}" }}]] }}
    }},
    {{
      "type": "portmap",
      "gatewayModeV4": "nat",
      "gatewayModeV6": "nat",
      "capabilities": {{ "portMappings": true }}
    }},
    {{
      "type": "firewall"
    }}
  ]
}}
)";

// Modes of one plugin, which has the name of its network. It is told all that is asked for, and
// says what of that the mode cannot have.
constexpr char kMode[] = R"({{
  "cniVersion": "1.1.0",
  "name": "{}",
  "plugins": [
    {{
      "type": "{}",
      "capabilities": {{ "portMappings": true, "ips": true, "mac": true, "dns": true, "aliases": true }}
    }}
  ]
}}
)";

// Another ADD may be making the bridge just now. Its own address and route are therefore never in
// the way, at whatever moment they are seen: both choose the same subnet.
Result<IpPrefix> default_subnet(const std::vector<cni::NetworkConfig>& configured) {
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  std::vector<Taken> taken = TRY(taken_subnets(host, configured));
  const auto bridge = TRY(host.find_link(std::string(kDefaultBridge)));
  if (!bridge) return choose_default_subnet(taken);
  for (const rtnl::Address& address : TRY(host.addresses(bridge->index))) {
    if (address.prefix.address.is_v4()) return address.prefix.masked();
  }
  std::erase_if(taken, [&](const Taken& each) { return each.link == bridge->index; });
  return choose_default_subnet(taken);
}

}  // namespace

bool is_default_network(std::string_view name) {
  return std::ranges::find(kDefaultNetworks, name) != kDefaultNetworks.end();
}

Result<cni::NetworkConfig> default_network(std::string_view name,
                                           const std::vector<cni::NetworkConfig>& configured) {
  if (name != kDefaultNetworks.front()) {
    return cni::parse_network_list(format(kMode, name, name), "");
  }
  const IpPrefix subnet = TRY(default_subnet(configured));
  return cni::parse_network_list(format(kBridge, name, kDefaultBridge, subnet.to_text()), "");
}

}  // namespace netctl::command

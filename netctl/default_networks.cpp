#include "netctl/default_networks.hpp"

#include <algorithm>
#include <optional>
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

using Bridge = std::optional<rtnl::Link>;

// That of the default bridge; none while there is no bridge, or none with an address.
Result<std::optional<IpPrefix>> subnet_of(rtnl::RouteSocket& host, const Bridge& bridge) {
  std::optional<IpPrefix> subnet;
  if (!bridge) return subnet;
  for (const rtnl::Address& address : TRY(host.addresses(bridge->index))) {
    if (address.prefix.address.is_v4() && !subnet) subnet = address.prefix.masked();
  }
  return subnet;
}

// All addresses and routes of the host are looked at for the first container only. Another ADD may
// be making the bridge just then. Its own address and route are therefore never in the way, at
// whatever moment they are seen: both choose the same subnet.
Result<IpPrefix> default_subnet(const std::vector<cni::NetworkConfig>& configured) {
  const std::string name(kDefaultBridge);
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  Bridge bridge = TRY(host.find_link(name));
  if (const auto subnet = TRY(subnet_of(host, bridge))) return *subnet;
  std::vector<Taken> taken = TRY(taken_subnets(host, configured));
  bridge = TRY(host.find_link(name));
  if (!bridge) return choose_default_subnet(taken);
  if (const auto subnet = TRY(subnet_of(host, bridge))) return *subnet;
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

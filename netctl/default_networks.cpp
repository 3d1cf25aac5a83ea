#include "netctl/default_network.hpp"

#include <string>

#include "netctl/subnets.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

// The default network as a config file would have it.
constexpr char kConfig[] = R"({{
  "cniVersion": "1.1.0",
  "name": "{}",
  "plugins": [
    {{
      "type": "bridge",
      "bridge": "{}",
      "isDefaultGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "capabilities": {{ "ips": true, "mac": true }},
      "ipam": {{ "type": "host-local", "ranges": [[{{ "subnet": "{}" }}]] }}
    }},
    {{ "type": "portmap", "capabilities": {{ "portMappings": true }} }}
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

Result<cni::NetworkConfig> default_network(const std::vector<cni::NetworkConfig>& configured) {
  const IpPrefix subnet = TRY(default_subnet(configured));
  return cni::parse_network_list(format(kConfig, kDefaultNetwork, kDefaultBridge, subnet.to_text()),
                                 "");
}

}  // namespace netctl::command

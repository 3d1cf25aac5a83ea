#include "plugins/bridge/check.hpp"

#include <algorithm>
#include <string>

#include "plugins/bridge/vlan.hpp"
#include "runtime-core/attach/check.hpp"
#include "runtime-core/attach/flow_table.hpp"
#include "runtime-core/attach/masquerade.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/spoof_guard.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::bridge {
namespace {

using cni::Differences;
using rtnl::RouteSocket;

// prevResult with the addresses that are this attachment's.
cni::AddResult own_result(const cni::Request& request) {
  cni::AddResult own = *request.prev_result;
  own.ips = attach::own_ips(request);
  return own;
}

// What the result does not tell may be anything. An IPv6 route has no scope.
bool is_route(const rtnl::Route& present, const cni::Route& wanted) {
  const auto told = [](const auto& value, const auto& in_kernel) {
    return value == 0 || value == in_kernel;
  };
  return present.destination == wanted.destination.masked() &&
         (!wanted.gateway || present.gateway == wanted.gateway) &&
         told(wanted.priority, present.metric) && told(wanted.mtu, present.mtu) &&
         told(wanted.advmss, present.advmss) &&
         (!wanted.scope || !wanted.destination.address.is_v4() || present.scope == *wanted.scope);
}

// "0.0.0.0/0 via 10.7.0.1, metric 1024, mtu 1400": what is compared.
std::string text_of(const cni::Route& route) {
  std::string text = route.destination.to_text();
  if (route.gateway) text += " via " + route.gateway->to_text();
  if (route.table) text += format(", table {}", *route.table);
  if (route.priority != 0) text += format(", metric {}", route.priority);
  if (route.mtu != 0) text += format(", mtu {}", route.mtu);
  if (route.advmss != 0) text += format(", advmss {}", route.advmss);
  if (route.scope) text += format(", scope {}", *route.scope);
  return text;
}

Status check_routes(RouteSocket& inside, const cni::AddResult& own, Differences& differences) {
  for (const cni::Route& route : own.routes) {
    const auto present =
        TRY(inside.routes(route.destination.address.family(), route.table.value_or(254)));
    const bool there =
        std::ranges::any_of(present, [&](const rtnl::Route& r) { return is_route(r, route); });
    if (!there) differences.add(format("the container has no route to {}", text_of(route)));
  }
  return ok();
}

// Gives the container's interface, if it is there.
Result<std::optional<rtnl::Link>> check_inside(const cni::Request& request, const Config& config,
                                               const cni::AddResult& own,
                                               Differences& differences) {
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));
  auto link = TRY(inside.find_link(request.ifname));
  if (!link) {
    differences.add(format("the container has no interface {}", request.ifname));
    return link;
  }
  attach::check_veth_inside(*link, request, config.disable_container_interface, differences);
  TRY(attach::check_addresses(inside, *link, attach::addresses_of(own.ips), differences));
  TRY(check_routes(inside, own, differences));
  return link;
}

// What separates the container from other VLANs; one that it should not be in is a difference too.
Status check_vlans(RouteSocket& host, const rtnl::Link& port, const attach::PortVlans& wanted,
                   Differences& differences) {
  const auto present = TRY(host.vlans_of(port.index));
  if (attach::has_vlans(present, wanted)) return ok();
  differences.add(format("VLANs of {} are {}, not {}", port.name, rtnl::to_text(present),
                         rtnl::to_text(wanted.vlans)));
  return ok();
}

Status check_vlan_gateway(RouteSocket& host, const rtnl::Link& bridge, const Config& config,
                          const cni::AddResult& own, Differences& differences) {
  const std::string name = attach::vlan_gateway_name(config.bridge, config.vlan);
  const auto gateway = TRY(host.find_link(name));
  if (!gateway) {
    differences.add(format("there is no {}, the gateway of VLAN {}", name, config.vlan));
    return ok();
  }
  if (!gateway->up) differences.add(format("{} is down", name));
  if (attach::is_device_alias(gateway->alias)) {
    const auto port = TRY(attach::find_vlan_gateway_port(host, *gateway));
    if (port && port->master == bridge.index) {
      TRY(check_vlans(host, *port, attach::gateway_vlans(config.vlan), differences));
    } else {
      differences.add(format("{} does not lead to {}", name, config.bridge));
    }
  }
  return attach::check_addresses(host, *gateway, gateways_of(config, own), differences);
}

Status check_port(RouteSocket& host, const rtnl::Link& bridge, const cni::Request& request,
                  const Config& config, const rtnl::Link& inside, Differences& differences) {
  const attach::Owner owner = attach::owner_of(request);
  auto port = TRY(host.find_link(owner.host_link_name()));
  if (!port && inside.peer) port = TRY(host.find_link(*inside.peer));
  if (!port) {
    differences.add(format("the host has no interface that leads to {}", request.ifname));
    return ok();
  }
  if (port->master != bridge.index) {
    differences.add(format("{} is not a port of {}", port->name, config.bridge));
  }
  if (!port->up) differences.add(format("{} is down", port->name));
  if (port->hairpin != config.hairpin_mode) {
    differences.add(format("hairpin mode of {} is {}", port->name, port->hairpin ? "on" : "off"));
  }
  if (has_vlans(config) && port->master == bridge.index) {
    TRY(check_vlans(host, *port, port_vlans(config), differences));
  }
  // One that is isolated besides may be so for a plugin behind this one.
  if (config.port_isolation && !port->isolated) {
    differences.add(format("isolation of {} is off", port->name));
  }
  return ok();
}

Status check_bridge(RouteSocket& host, const rtnl::Link& bridge, const Config& config,
                    const cni::AddResult& own, Differences& differences) {
  if (bridge.kind != "bridge") differences.add(format("{} is no bridge", config.bridge));
  if (!bridge.up) differences.add(format("{} is down", config.bridge));
  if (config.promisc_mode && !bridge.promiscuous) {
    differences.add(format("promiscuous mode of {} is off", config.bridge));
  }
  if (has_vlans(config) && !bridge.vlan_filtering) {
    differences.add(format("VLAN filtering of {} is off", config.bridge));
  }
  if (has_vlan_gateway(config)) {
    TRY(check_vlan_gateway(host, bridge, config, own, differences));
  }
  return attach::check_addresses(host, bridge, bridge_gateways(config, own), differences);
}

Status check_host(const cni::Request& request, const Config& config, const cni::AddResult& own,
                  const std::optional<rtnl::Link>& inside, Differences& differences) {
  RouteSocket host = TRY(RouteSocket::open());
  const auto bridge = TRY(host.find_link(config.bridge));
  if (!bridge) {
    differences.add(format("there is no bridge {}", config.bridge));
    return ok();
  }
  TRY(check_bridge(host, *bridge, config, own, differences));
  return inside ? check_port(host, *bridge, request, config, *inside, differences) : ok();
}

// Against the MAC address that the interface got: one that it has given itself since is a
// difference, but not of the guard.
Status check_spoof_guard(const cni::Request& request, Differences& differences) {
  const cni::Interface* inside = attach::own_interface(request);
  if (!inside || inside->mac.empty()) return ok();  // told already
  const attach::Owner owner = attach::owner_of(request);
  const MacAddress mac = TRY(parse_mac_address(inside->mac));
  differences.add_all(attach::missing_mac_guard(owner, owner.host_link_name(), mac));
  return ok();
}

}  // namespace

std::vector<IpPrefix> gateways_of(const Config& config, const cni::AddResult& result) {
  std::vector<IpPrefix> gateways;
  if (!config.is_gateway) return gateways;
  for (const cni::Ip& ip : result.ips) {
    const Family family = ip.address.address.family();
    if (!ip.gateway || config.policy.mode(family) == attach::GatewayMode::Isolated) continue;
    const IpPrefix gateway{.address = *ip.gateway, .length = ip.address.length};
    if (std::ranges::find(gateways, gateway) == gateways.end()) gateways.push_back(gateway);
  }
  return gateways;
}

std::vector<IpPrefix> masqueraded(const Config& config, const std::vector<cni::Ip>& ips) {
  std::vector<IpPrefix> addresses = attach::addresses_of(ips);
  std::erase_if(addresses, [&](const IpPrefix& address) {
    return !masquerades(config, address.address.family());
  });
  return addresses;
}

std::vector<IpPrefix> bridge_gateways(const Config& config, const cni::AddResult& result) {
  return has_vlan_gateway(config) ? std::vector<IpPrefix>() : gateways_of(config, result);
}

void check_attachment(const cni::Request& request, const Config& config, Differences& differences) {
  const cni::AddResult own = own_result(request);
  auto inside = check_inside(request, config, own, differences);
  std::optional<rtnl::Link> link;
  if (inside) {
    link = *std::move(inside);
  } else {
    differences.keep(std::move(inside).error());
  }
  differences.keep(check_host(request, config, own, link, differences));
  if (config.spoof_check) differences.keep(check_spoof_guard(request, differences));
  if (config.flow_table) differences.add_all(attach::missing_flow_table(config.bridge));
  differences.add_all(
      attach::missing_masquerade(attach::owner_of(request), masqueraded(config, own.ips)));
  if (!config.policy.is_open()) {
    differences.add_all(attach::missing_policy(config.bridge, config.policy));
  }
}

}  // namespace netctl::bridge

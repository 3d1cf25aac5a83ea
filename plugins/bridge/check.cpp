#include "plugins/bridge/check.hpp"

#include <algorithm>
#include <string>

#include "runtime-core/attach/firewall.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::bridge {
namespace {

using rtnl::RouteSocket;

// What differs, a line each.
using Differences = std::vector<std::string>;

const cni::Interface* interface_inside(const cni::Request& request) {
  for (const cni::Interface& interface : request.prev_result->interfaces) {
    if (interface.name == request.ifname && interface.sandbox == request.netns) return &interface;
  }
  return nullptr;
}

Status check_link_inside(RouteSocket& inside, const cni::Request& request, const Config& config,
                         Differences& differences, std::optional<rtnl::Link>& link) {
  link = TRY(inside.find_link(request.ifname));
  if (!link) {
    differences.push_back(format("the container has no interface {}", request.ifname));
    return ok();
  }
  const cni::Interface* expected = interface_inside(request);
  if (!expected) {
    differences.push_back(
        format("prevResult has no interface {} in {}", request.ifname, request.netns));
  } else if (!expected->mac.empty() && expected->mac != link->mac.to_text()) {
    differences.push_back(
        format("{} has MAC {}, not {}", request.ifname, link->mac.to_text(), expected->mac));
  }
  if (link->kind != "veth") {
    differences.push_back(format("{} is no veth", request.ifname));
  }
  if (!link->up && !config.disable_container_interface) {
    differences.push_back(format("{} is down", request.ifname));
  }
  return ok();
}

Status check_addresses(RouteSocket& inside, const rtnl::Link& link, const cni::Request& request,
                       Differences& differences) {
  const auto present = TRY(inside.addresses(link.index));
  for (const cni::Ip& ip : request.prev_result->ips) {
    const bool there = std::ranges::any_of(
        present, [&](const rtnl::Address& address) { return address.prefix == ip.address; });
    if (!there) {
      differences.push_back(
          format("{} does not have the address {}", request.ifname, ip.address.to_text()));
    }
  }
  return ok();
}

bool is_route(const rtnl::Route& present, const cni::Route& wanted) {
  return present.destination == wanted.destination.masked() &&
         (!wanted.gateway || present.gateway == wanted.gateway) &&
         (wanted.priority == 0 || present.metric == wanted.priority);
}

Status check_routes(RouteSocket& inside, const cni::Request& request, Differences& differences) {
  for (const cni::Route& route : request.prev_result->routes) {
    const auto present =
        TRY(inside.routes(route.destination.address.family(), route.table.value_or(254)));
    const bool there =
        std::ranges::any_of(present, [&](const rtnl::Route& r) { return is_route(r, route); });
    if (!there) {
      differences.push_back(
          format("the container has no route to {}", route.destination.to_text()));
    }
  }
  return ok();
}

Status check_port(RouteSocket& host, const rtnl::Link& bridge, const cni::Request& request,
                  const Config& config, const rtnl::Link& inside, Differences& differences) {
  const attach::Owner owner = attach::owner_of(request);
  auto port = TRY(host.find_link(owner.host_link_name()));
  if (!port && inside.peer) port = TRY(host.find_link(*inside.peer));
  if (!port) {
    differences.push_back(format("the host has no interface that leads to {}", request.ifname));
    return ok();
  }
  if (port->master != bridge.index) {
    differences.push_back(format("{} is not a port of {}", port->name, config.bridge));
  }
  if (!port->up) differences.push_back(format("{} is down", port->name));
  if (port->hairpin != config.hairpin_mode) {
    differences.push_back(
        format("hairpin mode of {} is {}", port->name, port->hairpin ? "on" : "off"));
  }
  if (port->isolated != config.port_isolation) {
    differences.push_back(
        format("isolation of {} is {}", port->name, port->isolated ? "on" : "off"));
  }
  return ok();
}

Status check_bridge(RouteSocket& host, const rtnl::Link& bridge, const cni::Request& request,
                    const Config& config, Differences& differences) {
  if (bridge.kind != "bridge") differences.push_back(format("{} is no bridge", config.bridge));
  if (!bridge.up) differences.push_back(format("{} is down", config.bridge));
  const auto present = TRY(host.addresses(bridge.index));
  for (const IpPrefix& gateway : gateways_of(config, *request.prev_result)) {
    const bool there = std::ranges::any_of(
        present, [&](const rtnl::Address& address) { return address.prefix == gateway; });
    if (!there) {
      differences.push_back(
          format("{} does not have the address {}", config.bridge, gateway.to_text()));
    }
  }
  return ok();
}

Status check_host(const cni::Request& request, const Config& config,
                  const std::optional<rtnl::Link>& inside, Differences& differences) {
  RouteSocket host = TRY(RouteSocket::open());
  const auto bridge = TRY(host.find_link(config.bridge));
  if (!bridge) {
    differences.push_back(format("there is no bridge {}", config.bridge));
  } else {
    TRY(check_bridge(host, *bridge, request, config, differences));
    if (inside) TRY(check_port(host, *bridge, request, config, *inside, differences));
  }
  if (!config.ip_masq) return ok();
  attach::Firewall firewall = TRY(attach::Firewall::open());
  for (std::string& line : TRY(firewall.missing_masquerade(attach::owner_of(request),
                                                           addresses_of(*request.prev_result)))) {
    differences.push_back(std::move(line));
  }
  return ok();
}

}  // namespace

std::vector<IpPrefix> addresses_of(const cni::AddResult& result) {
  std::vector<IpPrefix> addresses;
  for (const cni::Ip& ip : result.ips) addresses.push_back(ip.address);
  return addresses;
}

std::vector<IpPrefix> gateways_of(const Config& config, const cni::AddResult& result) {
  std::vector<IpPrefix> gateways;
  if (!config.is_gateway) return gateways;
  for (const cni::Ip& ip : result.ips) {
    if (!ip.gateway) continue;
    const IpPrefix gateway{.address = *ip.gateway, .length = ip.address.length};
    if (std::ranges::find(gateways, gateway) == gateways.end()) gateways.push_back(gateway);
  }
  return gateways;
}

Status check_attachment(const cni::Request& request, const Config& config) {
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));

  Differences differences;
  std::optional<rtnl::Link> link;
  TRY(check_link_inside(inside, request, config, differences, link));
  if (link) {
    TRY(check_addresses(inside, *link, request, differences));
    TRY(check_routes(inside, request, differences));
  }
  TRY(check_host(request, config, link, differences));
  if (differences.empty()) return ok();

  Error error = fail(Errc::NotFound, "container \"{}\" is not as it was attached: {} differences",
                     request.container_id, differences.size());
  for (const std::string& line : differences) {
    error.details += (error.details.empty() ? "" : "\n") + line;
  }
  return error;
}

}  // namespace netctl::bridge

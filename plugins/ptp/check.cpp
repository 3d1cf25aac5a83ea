#include "plugins/ptp/check.hpp"

#include <algorithm>

#include "runtime-core/attach/endpoint.hpp"
#include "runtime-core/attach/firewall.hpp"
#include "runtime-core/attach/forwarding.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/cni/delegate.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::ptp {
namespace {

using cni::Differences;
using rtnl::RouteSocket;

// The part of prevResult that is this attachment's: plugins after us may have added interfaces with
// addresses of their own. An address that names no interface is ours.
std::vector<cni::Ip> own_ips(const cni::Request& request) {
  const auto& interfaces = request.prev_result->interfaces;
  const auto own = std::ranges::find_if(interfaces, [&](const cni::Interface& each) {
    return each.name == request.ifname && each.sandbox == request.netns;
  });
  std::vector<cni::Ip> ips = request.prev_result->ips;
  const auto index = static_cast<std::uint32_t>(own - interfaces.begin());
  if (own == interfaces.end()) return ips;
  std::erase_if(ips, [&](const cni::Ip& ip) { return ip.interface.value_or(index) != index; });
  return ips;
}

void check_link(const rtnl::Link& link, const cni::Request& request, Differences& differences) {
  if (link.kind != "veth") differences.add(format("{} is no veth", link.name));
  if (!link.up) differences.add(format("{} is down", link.name));
  for (const cni::Interface& each : request.prev_result->interfaces) {
    if (each.name != request.ifname || each.sandbox != request.netns) continue;
    if (each.mac.empty() || each.mac == link.mac.to_text()) return;
    differences.add(format("{} has MAC {}, not {}", link.name, link.mac.to_text(), each.mac));
    return;
  }
  differences.add(format("prevResult has no interface {} in {}", request.ifname, request.netns));
}

Status check_addresses(RouteSocket& socket, const rtnl::Link& link,
                       const std::vector<IpPrefix>& expected, Differences& differences) {
  const auto present = TRY(socket.addresses(link.index));
  for (const IpPrefix& address : expected) {
    const bool there = std::ranges::any_of(
        present, [&](const rtnl::Address& each) { return each.prefix == address; });
    if (there) continue;
    differences.add(format("{} does not have the address {}", link.name, address.to_text()));
  }
  return ok();
}

bool is_as(const rtnl::Route& present, const rtnl::Route& wanted) {
  return present.destination == wanted.destination && present.link == wanted.link &&
         (!wanted.gateway || present.gateway == wanted.gateway) &&
         (wanted.metric == 0 || present.metric == wanted.metric);
}

Status check_route(RouteSocket& socket, const rtnl::Route& wanted, std::string_view who,
                   Differences& differences) {
  const Family family = wanted.destination.address.family();
  const auto present = TRY(socket.routes(family, wanted.table));
  if (std::ranges::any_of(present, [&](const rtnl::Route& each) { return is_as(each, wanted); })) {
    return ok();
  }
  std::string text = format("{} has no route to {}", who, wanted.destination.to_text());
  if (wanted.gateway) text += " via " + wanted.gateway->to_text();
  differences.add(std::move(text));
  return ok();
}

Status check_inside(const cni::Request& request, const std::vector<cni::Ip>& ips,
                    Differences& differences) {
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));
  const auto link = TRY(inside.find_link(request.ifname));
  if (!link) {
    differences.add(format("the container has no interface {}", request.ifname));
    return ok();
  }
  check_link(*link, request, differences);
  TRY(check_addresses(inside, *link, addresses_of(ips), differences));
  for (const rtnl::Route& route : attach::gateway_routes(link->index, ips)) {
    TRY(check_route(inside, route, "the container", differences));
  }
  for (const cni::Route& route : request.prev_result->routes) {
    const rtnl::Route wanted = attach::route_through(link->index, route, ips);
    TRY(check_route(inside, wanted, "the container", differences));
  }
  return ok();
}

Status check_host_end(RouteSocket& host, const cni::Request& request,
                      const std::vector<cni::Ip>& ips, Differences& differences) {
  const auto link = TRY(host.find_link(attach::owner_of(request).host_link_name()));
  if (!link) {
    differences.add(format("the host has no interface that leads to {}", request.ifname));
    return ok();
  }
  if (!link->up) differences.add(format("{} is down", link->name));
  std::vector<IpPrefix> gateways;
  for (const cni::Ip& ip : ips) {
    if (ip.gateway) gateways.push_back(host_prefix(*ip.gateway));
  }
  TRY(check_addresses(host, *link, gateways, differences));
  for (const rtnl::Route& route : host_routes(link->index, ips)) {
    TRY(check_route(host, route, "the host", differences));
  }
  for (const std::string& family : TRY(attach::missing_forwarding(ips))) {
    differences.add(format("the host does not forward {}", family));
  }
  return ok();
}

Status check_masquerade(const cni::Request& request, const std::vector<cni::Ip>& ips,
                        Differences& differences) {
  attach::Firewall firewall = TRY(attach::Firewall::open());
  const auto owner = attach::owner_of(request);
  for (std::string& line : TRY(firewall.missing_masquerade(owner, addresses_of(ips)))) {
    differences.add(std::move(line));
  }
  return ok();
}

}  // namespace

std::vector<IpPrefix> addresses_of(const std::vector<cni::Ip>& ips) {
  std::vector<IpPrefix> addresses;
  for (const cni::Ip& ip : ips) addresses.push_back(ip.address);
  return addresses;
}

std::vector<rtnl::Route> host_routes(int link, const std::vector<cni::Ip>& ips) {
  constexpr std::uint8_t kHostScope = 254;  // as the reference makes them
  std::vector<rtnl::Route> routes;
  for (const cni::Ip& ip : ips) {
    rtnl::Route route{.destination = host_prefix(ip.address.address), .link = link};
    route.scope = kHostScope;
    routes.push_back(route);
  }
  return routes;
}

Status check_attachment(const cni::Request& request, const Config& config) {
  const std::vector<cni::Ip> ips = own_ips(request);
  Differences differences;
  differences.keep(cni::ipam_call(cni::Command::Check, request));
  differences.keep(check_inside(request, ips, differences));
  RouteSocket host = TRY(RouteSocket::open());
  differences.keep(check_host_end(host, request, ips, differences));
  if (config.ip_masq) differences.keep(check_masquerade(request, ips, differences));
  return differences.status(
      format("container \"{}\" is not as it was attached", request.container_id));
}

}  // namespace netctl::ptp

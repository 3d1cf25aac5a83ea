#include "plugins/ptp/check.hpp"

#include <algorithm>

#include "runtime-core/attach/check.hpp"
#include "runtime-core/attach/endpoint.hpp"
#include "runtime-core/attach/forwarding.hpp"
#include "runtime-core/attach/masquerade.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/cni/delegate.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::ptp {
namespace {

using cni::Differences;
using rtnl::RouteSocket;

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
  attach::check_veth_inside(*link, request, false, differences);
  TRY(attach::check_addresses(inside, *link, attach::addresses_of(ips), differences));
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
  TRY(attach::check_addresses(host, *link, gateways, differences));
  for (const rtnl::Route& route : host_routes(link->index, ips)) {
    TRY(check_route(host, route, "the host", differences));
  }
  for (const std::string& family : TRY(attach::missing_forwarding(ips))) {
    differences.add(format("the host does not forward {}", family));
  }
  return ok();
}

}  // namespace

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
  const std::vector<cni::Ip> ips = attach::own_ips(request);
  Differences differences;
  differences.keep(cni::ipam_call(cni::Command::Check, request));
  differences.keep(check_inside(request, ips, differences));
  RouteSocket host = TRY(RouteSocket::open());
  differences.keep(check_host_end(host, request, ips, differences));
  if (config.ip_masq) {
    differences.add_all(
        attach::missing_masquerade(attach::owner_of(request), attach::addresses_of(ips)));
  }
  return differences.status(
      format("container \"{}\" is not as it was attached", request.container_id));
}

}  // namespace netctl::ptp

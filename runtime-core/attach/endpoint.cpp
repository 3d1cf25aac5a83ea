#include "runtime-core/attach/endpoint.hpp"

#include <algorithm>
#include <cerrno>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::attach {
namespace {

Error attached_already(const Owner& owner) {
  return fail(Errc::Exists,
              "container \"{}\" is attached to network \"{}\" as {} already: run DEL first",
              owner.container_id, owner.network, owner.ifname);
}

Error name_taken(const Owner& owner) {
  return fail(Errc::Exists,
              "the container's namespace has an interface {} already: choose another name",
              owner.ifname);
}

bool has_ipv6(const InsidePlan& plan) {
  return std::ranges::any_of(plan.ips,
                             [](const cni::Ip& ip) { return !ip.address.address.is_v4(); });
}

// IPv6 as the interface needs it, before it comes up: container engines switch it off by default;
// addresses would be lost when the link goes down; the link-local address is not worth a wait.
Status prepare_ipv6(const InsidePlan& plan) {
  for (const std::string& name : {std::string("lo"), plan.ifname}) {
    TRY(sys::set_sysctl(format("net/ipv6/conf/{}/disable_ipv6", name), "0")
            .context("enable IPv6 in the container"));
  }
  const auto set = [&](const char* key, const char* value) {
    return sys::set_sysctl(format("net/ipv6/conf/{}/{}", plan.ifname, key), value);
  };
  TRY(set("keep_addr_on_down", "1"));
  TRY(set("accept_dad", plan.detect_duplicates ? "1" : "0"));
  if (plan.detect_duplicates) TRY(set("enhanced_dad", "1"));
  if (plan.point_to_point) TRY(set("ndisc_notify", "1"));
  return ok();
}

std::optional<IpAddress> gateway_of(const std::vector<cni::Ip>& ips, Family family) {
  for (const cni::Ip& ip : ips) {
    if (ip.address.address.family() == family && ip.gateway) return ip.gateway;
  }
  return std::nullopt;
}

}  // namespace

Status refuse_existing(rtnl::RouteSocket& host, rtnl::RouteSocket& inside, const Owner& owner) {
  if (TRY(host.find_link(owner.host_link_name()))) return attached_already(owner);
  if (TRY(inside.find_link(owner.ifname))) return name_taken(owner);
  return ok();
}

Result<Veth> add_veth(rtnl::RouteSocket& host, const VethPlan& plan, Rollback& undo) {
  const Veth veth{.host_name = plan.owner.host_link_name(),
                  .host_mac = plan.host_mac ? *plan.host_mac : random_mac_address(),
                  .container_mac = plan.container_mac ? *plan.container_mac : random_mac_address()};
  rtnl::Batch create;
  create.add_veth({.name = veth.host_name,
                   .mac = veth.host_mac,
                   .mtu = plan.mtu,
                   .master = plan.master ? std::optional(plan.master) : std::nullopt,
                   .peer_name = plan.owner.ifname,
                   .peer_mac = veth.container_mac,
                   .peer_namespace = plan.netns});
  // The kernel ignores these when the link is made; sent along, they are set in the same call.
  // While it is down: of each change of one that is up the kernel tells all routes of IPv6.
  rtnl::LinkChange mark{.link = veth.host_name, .alias = plan.owner.tag()};
  if (plan.hairpin) mark.hairpin = true;
  if (plan.isolated) mark.isolated = true;
  // A port of a bridge is nobody to talk to. Each address would be three routes of the host, all of
  // which the kernel goes through when any link changes.
  if (plan.master) mark.link_local = false;
  create.change_link(mark);  // one message
  create.change_link({.link = veth.host_name, .up = true});
  enum Step { Made, Marked, Up };

  // A pair that was not made has no undo: with a name that is taken it is somebody else's.
  auto statuses = TRY(host.run(create));
  TRY(std::move(statuses[Made]));
  undo.add("delete link " + veth.host_name,
           [&host, name = veth.host_name] { return host.delete_link(name); });
  Status marked = std::move(statuses[Marked]);
  if (!marked && marked.error().code == Errc::NotSupported && mark.link_local) {
    // No IPv6 in the kernel, or with so small an MTU: there is nothing to switch off.
    mark.link_local.reset();
    marked = host.apply(rtnl::Batch().change_link(mark));
  }
  TRY(std::move(marked));
  TRY(std::move(statuses[Up]));
  return veth;
}

rtnl::Route route_through(int link, const cni::Route& route, const std::vector<cni::Ip>& ips) {
  // Of this scope or a narrower one, the destination is on the link itself.
  constexpr std::uint8_t kLinkScope = 253;
  rtnl::Route result{.destination = route.destination.masked(), .gateway = route.gateway};
  if (!result.gateway && route.scope.value_or(0) < kLinkScope) {
    result.gateway = gateway_of(ips, route.destination.address.family());
  }
  result.link = link;
  result.metric = route.priority;
  result.mtu = route.mtu;
  result.advmss = route.advmss;
  if (route.table) result.table = *route.table;
  if (route.scope) result.scope = *route.scope;
  return result;
}

std::vector<rtnl::Route> gateway_routes(int link, const std::vector<cni::Ip>& ips) {
  constexpr std::uint8_t kLinkScope = 253;  // RT_SCOPE_LINK: it is a neighbour
  std::vector<rtnl::Route> routes;
  for (const cni::Ip& ip : ips) {
    if (!ip.gateway) continue;
    const IpAddress& own = ip.address.address;
    rtnl::Route to_gateway{.destination = host_prefix(*ip.gateway), .source = own, .link = link};
    to_gateway.scope = kLinkScope;
    routes.push_back(to_gateway);
    if (ip.address.length == own.bits()) continue;  // nothing on that network but the container
    routes.push_back(
        {.destination = ip.address.masked(), .gateway = ip.gateway, .source = own, .link = link});
  }
  return routes;
}

Status configure_inside(rtnl::RouteSocket& inside, int netns, const InsidePlan& plan) {
  const rtnl::Link link = TRY(inside.link_by_name(plan.ifname));
  if (has_ipv6(plan)) {
    TRY(ns::run_in(netns, [&] { return prepare_ipv6(plan); }));
  }
  rtnl::Batch batch;
  // On a bridge, announce() does it when the port is open.
  if (plan.point_to_point) batch.change_link({.link = link.index, .arp_notify = true});
  const auto connected =
      plan.point_to_point ? rtnl::ConnectedRoute::None : rtnl::ConnectedRoute::Added;
  for (const cni::Ip& ip : plan.ips) {
    if (plan.detect_duplicates) {
      batch.add_detected_address(link.index, ip.address);
    } else {
      batch.add_address(link.index, ip.address, 0, connected);
    }
  }
  // Before it comes up, which is when the address is made. Without IPv6 there is nothing to change.
  if (!plan.link_local) {
    batch.change_link({.link = link.index, .link_local = false}, EAFNOSUPPORT);
  }
  if (plan.up) batch.change_link({.link = link.index, .up = true});
  if (plan.point_to_point) {
    // Two addresses of one network share these.
    for (const rtnl::Route& route : gateway_routes(link.index, plan.ips)) {
      batch.add_route(route, EEXIST);
    }
  }
  for (const cni::Route& route : plan.routes) {
    batch.add_route(route_through(link.index, route, plan.ips));
  }
  return inside.apply(batch).context("in the container");
}

Status remove_endpoint(rtnl::RouteSocket& host, const Owner& owner, const std::string& netns_path) {
  const auto on_host = TRY(host.find_link(owner.host_link_name()));
  if (on_host && on_host->alias == owner.tag()) return host.delete_link(on_host->index);

  // Not made by us, or under another name: a reference plugin's pair, found from the inside.
  const auto netns = TRY(ns::find_netns(netns_path));
  if (!netns) return ok();
  auto inside = TRY(ns::run_in(netns->get(), rtnl::RouteSocket::open));
  const auto link = TRY(inside.find_link(owner.ifname));
  if (!link || link->kind != "veth") return ok();
  return inside.delete_link(link->index);
}

Status remove_stray_endpoints(rtnl::RouteSocket& host, const std::string& network,
                              const std::vector<cni::Attachment>& valid) {
  const std::vector<std::string> kept = tags_of(network, valid);
  const std::string prefix = network_tag(network);

  ErrorList errors;
  for (const rtnl::Link& link : TRY(host.links())) {
    if (link.kind != "veth" || !link.alias.starts_with(prefix)) continue;
    if (std::ranges::binary_search(kept, link.alias)) continue;
    log::info("removing {} of {}: its owner is gone", link.name, link.alias);
    errors.keep(host.delete_link(link.index));
  }
  return errors.status();
}

}  // namespace netctl::attach

#include "portmap/loopback.hpp"

#include <linux/rtnetlink.h>

#include <cerrno>
#include <set>
#include <string>

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/host_lock.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::portmap {
namespace {

constexpr const char* kBridgeNetfilter = "net/bridge/bridge-nf-call-ip6tables";
constexpr std::uint32_t kMetric = 4096;  // behind lo's own route, which has 0

rtnl::Route loopback_route(int link) {
  return {.destination = host_prefix(IpAddress::unspecified(Family::V6).next()),
          .link = link,
          .metric = kMetric,
          .table = RT_TABLE_LOCAL,
          .type = RTN_LOCAL};
}

Result<rtnl::Link> link_towards(rtnl::RouteSocket& host, const IpAddress& container) {
  const rtnl::Route route = TRY(host.route_to(container));
  auto link = TRY(host.find_link(route.link));
  if (!link) return fail(Errc::NotFound, "no interface leads to {}", container.to_text());
  return *std::move(link);
}

// Whether bridge netfilter leaves IPv6 alone; without it there is no such parameter.
Result<bool> is_v6_possible() {
  const auto value = TRY(sys::find_sysctl(kBridgeNetfilter));
  return !value || *value == "0";
}

Status open_v4(rtnl::RouteSocket& host, const rtnl::Link& link) {
  if (link.route_localnet) return ok();
  rtnl::Batch batch;
  batch.change_link({.link = link.index, .route_localnet = true});
  return host.apply(batch);
}

Status open_v6(rtnl::RouteSocket& host, const rtnl::Link& link) {
  if (!TRY(is_v6_possible())) {
    log::info("published ports do not answer on [::1]: sysctl {} is on", kBridgeNetfilter);
    return ok();
  }
  rtnl::Batch batch;
  batch.add_route(loopback_route(link.index), EEXIST);
  return host.apply(batch);
}

bool is_loopback_route(const rtnl::Route& route) {
  return route.destination == loopback_route(0).destination && route.metric == kMetric;
}

// The devices that have such a route.
Result<std::set<int>> links_with_route(rtnl::RouteSocket& host) {
  std::set<int> links;
  for (const rtnl::Route& route : TRY(host.routes(Family::V6, RT_TABLE_LOCAL, 0, RTN_LOCAL))) {
    if (is_loopback_route(route)) links.insert(route.link);
  }
  return links;
}

// There is none, or one that says so: "prohibit", "blackhole".
bool is_no_way(const Error& error) {
  return error.code == Errc::NotFound || error.code == Errc::PermissionDenied ||
         error.code == Errc::InvalidArgument;
}

// Takes those out that lead to a container which is masqueraded for its ports.
Status keep_used(rtnl::RouteSocket& host, std::set<int>& links) {
  auto table = TRY(attach::TableEditor::open(attach::firewall_table()));
  for (const nft::Element& element : TRY(table.elements(attach::hairpin_map(Family::V6)))) {
    if (links.empty()) break;
    const auto route = host.route_to(std::get<IpAddress>(element.key.front()));
    if (!route && !is_no_way(route.error())) return route.error();
    if (route) links.erase(route->link);
  }
  return ok();
}

}  // namespace

Status open_loopback(rtnl::RouteSocket& host, const std::vector<IpAddress>& containers) {
  for (const IpAddress& container : containers) {
    const rtnl::Link link = TRY(link_towards(host, container));
    TRY(container.is_v4() ? open_v4(host, link) : open_v6(host, link));
  }
  return ok();
}

Status close_loopback() {
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  if (TRY(links_with_route(host)).empty()) return ok();
  // Whoever publishes holds the other kind of this lock until his route is there.
  const auto lock = TRY(attach::lock_host(sys::Lock::Exclusive, host.fd()));
  std::set<int> unused = TRY(links_with_route(host));
  TRY(keep_used(host, unused));
  rtnl::Batch batch;
  for (const int link : unused) batch.delete_route(loopback_route(link));
  return host.apply(batch);
}

Status check_loopback(const std::vector<IpAddress>& containers, cni::Differences& differences) {
  if (containers.empty()) return ok();
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  for (const IpAddress& container : containers) {
    const rtnl::Link link = TRY(link_towards(host, container));
    if (container.is_v4()) {
      if (link.route_localnet) continue;
      differences.add(format(
          "route_localnet of {} is off: published ports do not answer on 127.0.0.1", link.name));
    } else if (TRY(is_v6_possible()) && !TRY(links_with_route(host)).contains(link.index)) {
      differences.add(
          format("the route to ::1 through {} is missing: published ports do not answer on [::1]",
                 link.name));
    }
  }
  return ok();
}

}  // namespace netctl::portmap

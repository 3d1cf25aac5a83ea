#include "runtime-core/attach/routes.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace netctl::attach {
namespace {

constexpr std::uint32_t kMainTable = 254;
constexpr std::uint32_t kUsualMetric = 1024;
constexpr int kMetricsEach = 10;

Family family_of(const cni::Route& route) { return route.destination.address.family(); }
std::uint32_t table_of(const cni::Route& route) { return route.table.value_or(kMainTable); }

bool competes(const rtnl::Route& present, const cni::Route& route) {
  return present.table == table_of(route) && present.destination == route.destination.masked();
}

// Not asked for by the IPAM plugin, so ours to choose.
bool may_choose(const cni::Route& route) { return route.priority == 0; }

bool is_main_default(const cni::Route& route) {
  return route.destination.is_default() && table_of(route) == kMainTable;
}

// The route that the kernel is going to add with an address.
rtnl::Route connected_route(const IpPrefix& address) {
  const bool v4 = address.address.is_v4();
  return {.destination = address.masked(), .metric = v4 ? 0U : 256U};
}

void drop_repeated(cni::AddResult& result) {
  std::vector<cni::Route> once;
  for (const cni::Route& route : result.routes) {
    if (std::ranges::find(once, route) == once.end()) once.push_back(route);
  }
  result.routes = std::move(once);
}

// All that the result's routes may meet: one question for each family and table.
Result<std::vector<rtnl::Route>> present_routes(rtnl::RouteSocket& inside,
                                                const cni::AddResult& result) {
  std::set<std::pair<Family, std::uint32_t>> tables;
  for (const cni::Route& route : result.routes) {
    if (may_choose(route)) tables.emplace(family_of(route), table_of(route));
  }
  std::vector<rtnl::Route> present;
  for (const auto& [family, table] : tables) {
    for (const rtnl::Route& route : TRY(inside.routes(family, table))) present.push_back(route);
  }
  for (const cni::Ip& ip : result.ips) present.push_back(connected_route(ip.address));
  return present;
}

std::vector<std::uint32_t> metrics_beside(const cni::Route& route,
                                          const std::vector<rtnl::Route>& present) {
  std::vector<std::uint32_t> metrics;
  for (const rtnl::Route& other : present) {
    if (competes(other, route)) metrics.push_back(other.metric);
  }
  return metrics;
}

Status move_route(rtnl::RouteSocket& inside, const rtnl::Route& from, const rtnl::Route& to) {
  rtnl::Batch batch;
  batch.add_route(to);  // first, so that there is one all the time
  batch.delete_route(from);
  return inside.apply(batch);
}

// An IPv4 default route without a metric stands where nothing can be before it. It goes to where
// IPv6 would have put it, priority 0.
Status give_way(rtnl::RouteSocket& inside, const cni::Route& route,
                std::vector<rtnl::Route>& present, Rollback& undo) {
  for (rtnl::Route& other : present) {
    if (!competes(other, route) || other.metric != 0) continue;
    rtnl::Route moved = other;
    moved.metric = free_metric(metrics_beside(route, present), 0);
    undo.add("put the former default route back",
             [&inside, from = moved, to = other] { return move_route(inside, from, to); });
    TRY(move_route(inside, other, moved).context("in the container"));
    other = moved;
  }
  return ok();
}

}  // namespace

std::uint32_t free_metric(const std::vector<std::uint32_t>& taken, std::optional<int> priority) {
  std::uint32_t metric = kUsualMetric;
  if (priority) {
    metric = static_cast<std::uint32_t>(static_cast<int>(kUsualMetric) - kMetricsEach * *priority);
  } else if (!taken.empty()) {
    const std::uint32_t last = *std::ranges::max_element(taken);
    if (last != std::numeric_limits<std::uint32_t>::max()) metric = std::max(metric, last + 1);
  }
  while (std::ranges::find(taken, metric) != taken.end()) ++metric;
  return metric;
}

Status rank_routes(rtnl::RouteSocket& inside, std::optional<int> gateway_priority,
                   cni::AddResult& result, Rollback& undo) {
  drop_repeated(result);
  std::vector<rtnl::Route> present = TRY(present_routes(inside, result));
  for (cni::Route& route : result.routes) {
    const auto priority = is_main_default(route) ? gateway_priority : std::nullopt;
    if (may_choose(route)) {
      if (priority.value_or(0) > 0) TRY(give_way(inside, route, present, undo));
      const auto taken = metrics_beside(route, present);
      if (priority || !taken.empty()) route.priority = free_metric(taken, priority);
    }
    present.push_back({.destination = route.destination.masked(),
                       .metric = route.priority,
                       .table = table_of(route)});
  }
  return ok();
}

}  // namespace netctl::attach

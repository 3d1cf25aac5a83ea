#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// A container on several networks gets routes to the same destination from more than one of them:
// the default route above all. The kernel takes only one for each metric, and uses the lowest; when
// its interface goes, the next one is in force by itself.
namespace netctl::attach {

// What a network's default route may ask for; more wins. Each has room for ten routes, which lie
// one behind the other in the order in which they came:
//
//   priority      100   …   1      0      -1   …   -100
//   metric         24     1014   1024   1034       2024
//
// 1024 is what IPv6 gives to a route without a metric; an IPv4 route without one stands at 0,
// before all others, until one of a higher priority than 0 comes.
inline constexpr int kMaxGatewayPriority = 100;

// The metric for one more route beside those that have the `taken` metrics: behind all of them, or
// where its priority belongs.
std::uint32_t free_metric(const std::vector<std::uint32_t>& taken, std::optional<int> priority);

// Gives a metric (`priority` in CNI's words) to those of the result's routes that have none and a
// competitor inside, so that adding them cannot fail; and, when there is a gateway priority, to its
// default routes. A route that is in the result twice stays there once. A default route inside that
// has to give way gets its new metric now: `undo` puts it back. The caller holds lock_netns() until
// the routes are there.
Status rank_routes(rtnl::RouteSocket& inside, std::optional<int> gateway_priority,
                   cni::AddResult& result, Rollback& undo);

}  // namespace netctl::attach

#include "runtime-core/attach/default_route.hpp"

#include <algorithm>
#include <array>

namespace netctl::attach {

Result<std::vector<rtnl::Link>> default_route_links(rtnl::RouteSocket& socket) {
  // Documentation addresses, which are nobody's, so that no route but the default leads there; a
  // listing could have a million routes.
  static constexpr std::array<std::uint8_t, 16> kNobodys6{0x20, 0x01, 0x0d, 0xb8};
  std::vector<rtnl::Link> links;
  for (const IpAddress& anybody : {IpAddress::v4(192, 0, 2, 1), IpAddress::from_bytes(kNobodys6)}) {
    const auto route = socket.route_to(anybody);
    if (!route && route.error().code == Errc::NotFound) continue;
    if (!route) return route.error();
    auto link = TRY(socket.find_link(route->link));
    if (link && std::ranges::find(links, *link) == links.end()) links.push_back(*std::move(link));
  }
  return links;
}

Result<std::uint32_t> default_route_mtu(rtnl::RouteSocket& socket) {
  const auto links = TRY(default_route_links(socket));
  return links.empty() ? 0U : links.front().mtu;
}

}  // namespace netctl::attach

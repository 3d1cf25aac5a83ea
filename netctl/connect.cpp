#include "netctl/connect.hpp"

#include <algorithm>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

Result<std::string> first_free_ifname(const std::string& path) {
  const UniqueFd netns = TRY(ns::open_netns(path));
  rtnl::RouteSocket inside = TRY(ns::run_in(netns.get(), rtnl::RouteSocket::open));
  const std::vector<rtnl::Link> links = TRY(inside.links());
  for (int i = 0;; ++i) {
    std::string name = format("eth{}", i);
    if (std::ranges::find(links, name, &rtnl::Link::name) == links.end()) return name;
  }
}

}  // namespace

Status connect(const Settings& settings, Target target, const Wanted& wanted,
               const Output& output) {
  const std::string path = TRY(ns::existing_path_of(target.ns));
  target.ifname = TRY(first_free_ifname(path));
  return add(settings, target, wanted, output);
}

Status disconnect(const Settings& settings, Target target, bool force) {
  const Place place = TRY(place_of(target));
  ErrorList errors;
  bool any = false;
  for (const cni::CachedAttachment& each : runtime(settings).cached(target.network)) {
    const bool meant = target.container_id.empty() ? each.call.netns == place.netns
                                                   : each.call.container_id == place.container_id;
    if (!meant) continue;
    any = true;
    target.ifname = each.call.ifname;
    target.container_id = each.call.container_id;
    errors.keep(del(settings, target).context("{}", each.call.ifname));
  }
  if (any || force) return errors.status();
  return fail(Errc::NotFound, "{} is not connected to network \"{}\": netctl ls shows what is",
              target.ns.empty() ? target.container_id : target.ns, target.network);
}

}  // namespace netctl::command

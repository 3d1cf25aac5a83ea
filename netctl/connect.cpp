#include "netctl/connect.hpp"

#include <algorithm>

#include "netctl/named_container.hpp"
#include "netctl/networks.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/cni/network_config.hpp"
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

// Whether an attachment was made by the plugin of that name: "host". A list that cannot be read
// was not.
bool was_made_by(const cni::CachedAttachment& attachment, std::string_view type) {
  const auto list = cni::parse_network_list(attachment.config_text, "");
  return list &&
         std::ranges::find(list->plugins, type, &cni::PluginConfig::type) != list->plugins.end();
}

// A namespace that belongs to somebody else gets no interfaces, nor does one that shall have none,
// and a second interface in the same network is asked for by `netctl add` alone.
Status check_connectable(const Settings& settings, const std::string& container_id,
                         const std::string& network, const std::string& who) {
  for (const cni::CachedAttachment& each : TRY(runtime(settings).cached_of(container_id))) {
    if (each.network == network) {
      return fail(
          Errc::Exists,
          "{} is connected to network \"{}\" already, as {}: netctl network disconnect ends "
          "that, netctl add -i gives it another interface there",
          who, network, each.call.ifname);
    }
    if (was_made_by(each, "host") || was_made_by(each, "container")) {
      return fail(Errc::InvalidArgument,
                  "container sharing network namespace with another container or host cannot be "
                  "connected to any other network: \"{}\" is on \"{}\"",
                  container_id, each.network);
    }
    if (was_made_by(each, "none")) {
      return fail(Errc::InvalidArgument,
                  "container cannot be connected to multiple networks with one of the networks in "
                  "private (none) mode: disconnect {} first",
                  each.network);
    }
  }
  return ok();
}

// A container of these modes has no other way to be on the network.
Status check_disconnectable(const cni::CachedAttachment& attachment) {
  for (const char* mode : {"host", "container"}) {
    if (!was_made_by(attachment, mode)) continue;
    return fail(Errc::InvalidArgument,
                "cannot disconnect container from {0} network - container was created in {0} "
                "network mode: netctl del ends that",
                mode);
  }
  return ok();
}

}  // namespace

Status connect(const Settings& settings, Target target, const Wanted& wanted,
               const Output& output) {
  const std::string path = TRY(existing_namespace(settings, target.ns));
  const Target whole = TRY(resolved(settings, target));
  const Place place = TRY(place_of(whole));
  const cni::NetworkConfig network = TRY(find_network(settings, whole.network));
  TRY(check_connectable(settings, place.container_id, network.name, target.ns));
  target.ifname = TRY(first_free_ifname(path));
  return add(settings, target, wanted, output);
}

Status disconnect(const Settings& settings, const Target& typed, bool force) {
  Target target = TRY(resolved(settings, typed));
  const Place place = TRY(place_of(target));
  ErrorList errors;
  bool any = false;
  for (const cni::CachedAttachment& each : TRY(runtime(settings).all_cached(target.network))) {
    const bool meant = target.container_id.empty() ? each.call.netns == place.netns
                                                   : each.call.container_id == place.container_id;
    if (!meant) continue;
    TRY(check_disconnectable(each));
    any = true;
    target.ifname = each.call.ifname;
    target.container_id = each.call.container_id;
    errors.keep(del(settings, target).context("{}", each.call.ifname));
  }
  if (any || force) return errors.status();
  return fail(Errc::NotFound, "{} is not connected to network \"{}\": netctl ls shows what is",
              typed.ns.empty() ? target.container_id : typed.ns, target.network);
}

}  // namespace netctl::command

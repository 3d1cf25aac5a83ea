#include "plugins/container/plugin.hpp"

#include <algorithm>

#include "plugins/container/config.hpp"
#include "runtime-core/attach/sandbox.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/cache.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/network_config.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::container {
namespace {

using Attachments = std::vector<cni::CachedAttachment>;
using rtnl::RouteSocket;

// Whether the attachment was one of this plugin's. A list that cannot be read was not.
bool is_joined(const cni::CachedAttachment& attachment) {
  const auto list = cni::parse_network_list(attachment.config_text, "");
  return list && std::ranges::any_of(list->plugins, [](const cni::PluginConfig& plugin) {
           return plugin.type == "container";
         });
}

// Where an attachment is; nothing when that is gone, or is no namespace any more.
Result<std::optional<UniqueFd>> find_netns_of(const cni::CachedAttachment& attachment) {
  auto netns = ns::find_netns(attachment.call.netns);
  if (!netns && netns.error().code == Errc::InvalidArgument) return std::optional<UniqueFd>();
  return netns;
}

// Those attachments among `all` that are in the namespace now.
Result<Attachments> in_netns(const Attachments& all, int netns) {
  Attachments inside;
  for (const cni::CachedAttachment& each : all) {
    const auto theirs = TRY(find_netns_of(each));
    if (!theirs) continue;
    if (TRY(ns::is_same_netns(theirs->get(), netns))) inside.push_back(each);
  }
  return inside;
}

// Whose namespace it is that a joiner is in; empty when that container is detached already.
Result<std::string> owner_of_netns(const cni::ResultCache& cache,
                                   const cni::CachedAttachment& joiner) {
  const auto netns = TRY(find_netns_of(joiner));
  if (!netns) return std::string();
  const Attachments all = TRY(cache.all());
  for (const cni::CachedAttachment& each : TRY(in_netns(all, netns->get()))) {
    if (!is_joined(each)) return each.call.container_id;
  }
  return std::string();
}

Status refuse_joined(const cni::ResultCache& cache, const Attachments& targets) {
  const auto joined = std::ranges::find_if(targets, is_joined);
  if (joined == targets.end()) return ok();
  const std::string owner = TRY(owner_of_netns(cache, *joined));
  return fail(Errc::InvalidArgument,
              "container \"{}\" uses the network of another container itself: join {}",
              joined->call.container_id,
              owner.empty() ? std::string("one that has its own") : format("\"{}\"", owner));
}

// Why nothing of the target is in the namespace that this container is in.
Error not_there(const Config& config, const cni::Request& request, const Attachments& targets) {
  for (const cni::CachedAttachment& each : targets) {
    const auto theirs = find_netns_of(each);
    if (!theirs) return theirs.error();
    if (!*theirs) continue;
    return cni::failure(
        cni::kInvalidNetns,
        format("container \"{}\" is not in the network namespace of container \"{}\": CNI_NETNS is "
               "{}, and has to be {}",
               request.container_id, config.target, request.netns, each.call.netns));
  }
  return fail(Errc::NotFound,
              "cannot join network namespace of a non running container: the namespace of "
              "container \"{}\" ({}) is gone",
              config.target, targets.front().call.netns);
}

// Whether what an attachment made is in the namespace. A path may lead to another namespace by now,
// under the same name and of another container.
Result<bool> is_there(RouteSocket& inside, const cni::CachedAttachment& attachment) {
  const auto result = cni::parse_result(attachment.result_json.value_or("{}"), "");
  if (!result) return true;  // nothing is known that could be missing
  bool any = false;
  for (const cni::Interface& interface : result->interfaces) {
    if (interface.sandbox != attachment.call.netns) continue;
    any = true;
    const auto link = TRY(inside.find_link(interface.name));
    if (link && (interface.mac.empty() || interface.mac == link->mac.to_text())) return true;
  }
  return !any;
}

Status refuse_stale(RouteSocket& inside, const Config& config, const Attachments& there) {
  for (const cni::CachedAttachment& each : there) {
    if (TRY(is_there(inside, each))) return ok();
  }
  return fail(Errc::NotFound,
              "cannot join network namespace of a non running container: the interface {} of "
              "container \"{}\" is not in {} any more",
              there.front().call.ifname, config.target, there.front().call.netns);
}

// The target's attachments, which are in the namespace that is joined.
Result<Attachments> find_target(const Config& config, const cni::Request& request, int netns) {
  const cni::ResultCache cache(config.cache_directory);
  const Attachments targets = TRY(cache.of_container(config.target));
  if (targets.empty()) {
    return fail(Errc::NotFound, "no such container: \"{}\" is attached to no network in {}/results",
                config.target, config.cache_directory);
  }
  TRY(refuse_joined(cache, targets));
  Attachments there = TRY(in_netns(targets, netns));
  if (there.empty()) return not_there(config, request, targets);
  return there;
}

}  // namespace

Result<cni::AddResult> Container::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));
  const Attachments there = TRY(find_target(config, request, netns.get()));
  TRY(refuse_stale(inside, config, there));
  std::vector<std::string> own_interfaces;
  for (const cni::CachedAttachment& each : there) {
    log::info("container {} joins {}/{}/{}", request.container_id, each.network,
              each.call.container_id, each.call.ifname);
    own_interfaces.push_back(each.call.ifname);
  }
  return attach::describe_sandbox(inside, request.netns, own_interfaces);
}

Status Container::del(const cni::Request&) { return ok(); }

// The target need not be attached any more: the namespace outlives it.
Status Container::check(const cni::Request& request) {
  TRY(parse_config(request));
  TRY(request.require_prev_result());
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));
  cni::Differences differences;
  const auto missing =
      TRY(attach::missing_from_sandbox(inside, request.netns, *request.prev_result));
  for (const std::string& line : missing) differences.add(line);
  return differences.status(
      format("container \"{}\" is not as it was attached", request.container_id));
}

Status Container::gc(const cni::Request&) { return ok(); }

Status Container::status(const cni::Request& request) {
  TRY(parse_config(request));
  RouteSocket host = TRY(RouteSocket::open());
  return ok();
}

}  // namespace netctl::container

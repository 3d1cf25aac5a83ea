#include "plugins/tuning/plugin.hpp"

#include <algorithm>
#include <sstream>

#include "plugins/tuning/allowlist.hpp"
#include "plugins/tuning/backup.hpp"
#include "plugins/tuning/config.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::tuning {
namespace {

using rtnl::RouteSocket;

// The values that the interface has of those attributes that `which` names.
Attributes current(const rtnl::Link& link, const Attributes& which) {
  Attributes values;
  if (which.mac) values.mac = link.mac;
  if (which.promisc) values.promisc = link.promiscuous;
  if (which.mtu) values.mtu = link.mtu;
  if (which.allmulti) values.allmulti = link.all_multicast;
  if (which.tx_queue) values.tx_queue = link.tx_queue;
  return values;
}

Status set_attributes(RouteSocket& inside, const std::string& ifname, const Attributes& values) {
  // Neighbours know the addresses behind another MAC address.
  const auto announced = values.mac ? std::optional(true) : std::nullopt;
  rtnl::Batch batch;
  batch.change_link({.link = ifname,
                     .mtu = values.mtu,
                     .mac = values.mac,
                     .promiscuous = values.promisc,
                     .all_multicast = values.allmulti,
                     .tx_queue = values.tx_queue,
                     .arp_notify = announced});
  return inside.apply(batch);
}

Status set_sysctl(int netns, const std::string& path, const std::string& value, Rollback& undo) {
  const auto set = [netns, path](const std::string& wanted) {
    return ns::run_in(netns, [&]() -> Result<std::optional<std::string>> {
      return sys::set_sysctl(path, wanted);
    });
  };
  const auto old = TRY(set(value).context("in the container"));
  if (!old) return ok();
  undo.add("put back " + path, [set, old]() -> Status {
    TRY(set(*old));
    return ok();
  });
  return ok();
}

Status tune_link(RouteSocket& inside, const cni::Request& request, const Attributes& wanted,
                 Rollback& undo) {
  const rtnl::Link link = TRY(inside.link_by_name(request.ifname).context("in the container"));
  const Attributes original = current(link, wanted);
  const Backup backup(request);
  const auto before = TRY(backup.add(original));
  undo.add("put back the backup", [backup, before] { return backup.revert(before); });
  // The kernel goes through the attributes of one message in turn: some may be set when it fails.
  undo.add("put back " + request.ifname, [&inside, name = request.ifname, original] {
    return set_attributes(inside, name, original);
  });
  return set_attributes(inside, request.ifname, wanted).context("in the container");
}

// prevResult with what is different now.
cni::AddResult updated_result(const cni::Request& request, const Attributes& wanted) {
  cni::AddResult result = *request.prev_result;
  for (cni::Interface& interface : result.interfaces) {
    if (interface.name != request.ifname || interface.sandbox.empty()) continue;
    if (wanted.mac) interface.mac = wanted.mac->to_text();
    if (wanted.mtu && interface.mtu != 0) interface.mtu = *wanted.mtu;
  }
  return result;
}

// Where parameters hold several values the kernel writes tabs for what people write as spaces.
std::string normalized(const std::string& value) {
  std::istringstream words(value);
  std::string text;
  for (std::string word; words >> word;) text += (text.empty() ? "" : " ") + word;
  return text;
}

Status check_sysctls(int netns, const cni::Request& request, const Config& config,
                     cni::Differences& differences) {
  for (const auto& [key, value] : config.sysctl) {
    const std::string path = TRY(sysctl_path(key, request.ifname));
    const auto present = TRY(ns::run_in(netns, [&] { return sys::find_sysctl(path); }));
    if (!present) {
      differences.add(format("the container has no parameter {}", key));
    } else if (normalized(*present) != normalized(value)) {
      differences.add(format("{} is \"{}\", not \"{}\"", key, *present, value));
    }
  }
  return ok();
}

void compare(const rtnl::Link& link, const Attributes& wanted, cni::Differences& differences) {
  const Attributes present = current(link, wanted);
  const auto tell = [&](std::string_view what, const auto& is, const auto& should) {
    if (is != should)
      differences.add(format("{} of {} is {}, not {}", what, link.name, *is, *should));
  };
  if (present.mac != wanted.mac) {
    differences.add(format("MAC address of {} is {}, not {}", link.name, present.mac->to_text(),
                           wanted.mac->to_text()));
  }
  tell("promisc", present.promisc, wanted.promisc);
  tell("MTU", present.mtu, wanted.mtu);
  tell("allmulti", present.allmulti, wanted.allmulti);
  tell("txQLen", present.tx_queue, wanted.tx_queue);
}

Status check_link(RouteSocket& inside, const cni::Request& request, const Attributes& wanted,
                  cni::Differences& differences) {
  const auto link = TRY(inside.find_link(request.ifname));
  if (link) {
    compare(*link, wanted, differences);
  } else {
    differences.add(format("the container has no interface {}", request.ifname));
  }
  return ok();
}

// Back to what it was before ADD, if there is anything left that could be.
Status restore_link(const cni::Request& request, const Attributes& original) {
  const auto netns = TRY(ns::find_netns(request.netns));
  if (!netns) return ok();
  RouteSocket inside = TRY(ns::run_in(netns->get(), RouteSocket::open));
  if (!TRY(inside.find_link(request.ifname))) return ok();
  return set_attributes(inside, request.ifname, original);
}

}  // namespace

Result<cni::AddResult> Tuning::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(check_allowed(config.sysctl));
  TRY(request.require_prev_result());
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));

  Rollback undo;
  for (const auto& [key, value] : config.sysctl) {
    const std::string path = TRY(sysctl_path(key, request.ifname));
    TRY(set_sysctl(netns.get(), path, value, undo));
  }
  if (!config.wanted.empty()) TRY(tune_link(inside, request, config.wanted, undo));
  undo.commit();
  return updated_result(request, config.wanted);
}

Status Tuning::del(const cni::Request& request) {
  const Backup backup(request);
  const auto original = backup.find();
  Status restored = original ? Status{} : Status(original.error());
  if (original && *original) restored = restore_link(request, **original);
  if (restored) return backup.forget();
  // The interface is about to go in most cases, and a runtime that stops at a failure would then
  // never come to the plugin that removes it. Where it stays, the next DEL has the backup.
  log::warn("{} of container {} is not as it was before: {}", request.ifname, request.container_id,
            restored.error().message);
  return ok();
}

Status Tuning::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(request.require_prev_result());
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));
  cni::Differences differences;
  TRY(check_sysctls(netns.get(), request, config, differences));
  if (!config.wanted.empty()) TRY(check_link(inside, request, config.wanted, differences));
  return differences.status(
      format("container \"{}\" is not as it was tuned", request.container_id));
}

// All that outlives a container is its backup, and these do not tell whose network they are of.
Status Tuning::gc(const cni::Request&) { return ok(); }

Status Tuning::status(const cni::Request& request) {
  TRY(parse_config(request));
  RouteSocket host = TRY(RouteSocket::open());
  return ok();
}

}  // namespace netctl::tuning

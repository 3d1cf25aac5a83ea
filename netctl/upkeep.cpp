#include "netctl/upkeep.hpp"

#include <algorithm>

#include "netctl/containers.hpp"
#include "netctl/networks.hpp"
#include "netctl/output.hpp"
#include "netctl/progress.hpp"
#include "runtime-core/attach/flow_table.hpp"
#include "runtime-core/attach/host_firewalls.hpp"
#include "runtime-core/attach/own_tables.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/version.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::command {
namespace {

constexpr cni::Version kWithGc{.major = 1, .minor = 1, .patch = 0};

// Whether plugins of this network may be asked for GC and STATUS.
bool can_be_asked(const cni::NetworkConfig& network) {
  const auto version = cni::parse_version(network.cni_version);
  return version && *version >= kWithGc;
}

Result<bool> is_there(const cni::CachedAttachment& attachment) {
  return !TRY(is_netns_gone(attachment));
}

std::string line_of(const cni::CachedAttachment& attachment, std::string_view verb) {
  return format("{} {} {} from {} ({})\n", verb, attachment.call.container_id,
                attachment.call.ifname, attachment.network,
                attachment.call.netns.empty() ? "no namespace" : attachment.call.netns);
}

Status announce(const Settings& settings, const cni::NetworkConfig& network,
                const Garbage& garbage) {
  ErrorList errors;
  for (const cni::CachedAttachment& each : TRY(runtime(settings).all_cached(network.name))) {
    const auto gone = garbage.all ? Result<bool>(true) : is_netns_gone(each);
    if (!gone) errors.add(gone.error());
    if (gone && *gone) TRY(print(line_of(each, "would detach")));
  }
  return errors.status();
}

Status collect(const Settings& settings, const cni::NetworkConfig& network,
               const Garbage& garbage) {
  if (network.disable_gc) {
    log::warn("network \"{}\" has disableGC: nothing is collected", network.name);
    return ok();
  }
  if (garbage.dry_run) return announce(settings, network, garbage);
  if (!can_be_asked(network)) {
    log::info("network \"{}\" has version {}: its plugins cannot be asked for leftovers",
              network.name, network.cni_version);
  }
  const auto detached =
      TRY(runtime(settings).gc_cached(network, [&](const cni::CachedAttachment& attachment) {
        return garbage.all ? Result<bool>(false) : is_there(attachment);
      }));
  for (const cni::CachedAttachment& each : detached) TRY(print(line_of(each, "detached")));
  return ok();
}

// Networks that only the cache knows any more: their list as it was.
Result<std::vector<cni::NetworkConfig>> networks_to_collect(const Settings& settings,
                                                            const std::string& name) {
  std::vector<cni::NetworkConfig> networks = TRY(all_networks(settings));
  for (const cni::CachedAttachment& each : TRY(runtime(settings).all_cached(name))) {
    const auto known = std::ranges::find(networks, each.network, &cni::NetworkConfig::name);
    if (known != networks.end()) continue;
    if (auto network = cni::parse_network_list(each.config_text, "")) {
      networks.push_back(*std::move(network));
    }
  }
  if (name.empty()) return networks;
  const auto found = std::ranges::find(networks, name, &cni::NetworkConfig::name);
  if (found != networks.end()) return std::vector<cni::NetworkConfig>{std::move(*found)};
  // For its words.
  TRY(find_network(settings, name));
  return std::vector<cni::NetworkConfig>();
}

// Those of iptables and firewalld that may drop containers' packets, whoever has lost what.
Status tell_other_firewalls(const Settings& settings) {
  // On most hosts there are none, and then nothing has to be looked up for each attachment.
  bool is_needed = false;
  for (const attach::Backend backend : {attach::Backend::Any, attach::Backend::Iptables}) {
    const auto found = TRY(attach::find_host_firewalls(backend));
    is_needed = is_needed || !found.empty();
  }
  if (!is_needed) return ok();
  return runtime(settings).renew("firewall", [](const cni::CachedAttachment& attachment) {
    Progress::tick(attachment.call.container_id);
    return is_there(attachment);
  });
}

}  // namespace

Result<bool> is_netns_gone(const cni::CachedAttachment& attachment) {
  if (attachment.call.netns.empty()) return false;  // not known
  return !TRY(ns::find_netns(attachment.call.netns)).has_value();
}

Status collect_garbage(const Settings& settings, const Garbage& garbage) {
  ErrorList errors;
  Progress progress("collecting garbage");
  // First: an attachment is in use as long as its container is thought to be.
  progress.step("containers");
  if (garbage.network.empty()) errors.keep(collect_containers(settings, garbage.dry_run));
  for (const cni::NetworkConfig& network : TRY(networks_to_collect(settings, garbage.network))) {
    progress.step("network " + network.name);
    errors.keep(collect(settings, network, garbage).context("network \"{}\"", network.name));
  }
  return errors.status();
}

Result<std::size_t> put_back(const Settings& settings) {
  std::size_t count = 0;
  for (const attach::OwnedTable* table : attach::own_tables()) {
    attach::TableEditor editor = TRY(attach::TableEditor::open(*table));
    count += TRY(editor.restore().context("table {}", nft::to_text(table->table)));
  }
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  TRY(attach::restore_flow_devices(host));
  TRY(tell_other_firewalls(settings));
  return count;
}

std::string put_back_text(std::size_t count) {
  return count == 0 ? "nothing was missing\n"
                    : format("{} element{} put back\n", count, count == 1 ? "" : "s");
}

Status reload(const Settings& settings) {
  Progress progress("putting firewall rules back");
  progress.step("");
  const std::size_t count = TRY(put_back(settings));
  return print(put_back_text(count));
}

Status status(const Settings& settings, const std::string& name) {
  const cni::NetworkConfig network = TRY(find_network(settings, name));
  if (!can_be_asked(network)) {
    return print(format("{}: cannot be asked: its config has CNI version {}, STATUS came with {}\n",
                        name, network.cni_version, "1.1.0"));
  }
  TRY(runtime(settings).status(network).context("network \"{}\" is not ready", name));
  return print(name + ": ready\n");
}

}  // namespace netctl::command

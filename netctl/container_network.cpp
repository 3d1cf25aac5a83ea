#include "netctl/container_network.hpp"

#include <algorithm>
#include <sstream>

#include "netctl/attach.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::command {
namespace {

Target target_of(const container::State& state, const container::NetworkUse& use) {
  return {
      .network = use.network, .ns = state.netns, .ifname = use.ifname, .container_id = state.id};
}

// What is attached for it: under its own id, and under the one that its namespace, which goes with
// it, has where that was named in its place.
Result<std::vector<Target>> attached_targets(const Settings& settings,
                                             const container::State& state) {
  const Place own = TRY(place_of({.ns = pin_name_of(state.id)}));
  std::vector<Target> targets;
  for (const std::string& id : {state.id, own.container_id}) {
    for (const cni::CachedAttachment& each : TRY(runtime(settings).cached_of(id))) {
      targets.push_back({.network = each.network,
                         .ns = each.call.netns,
                         .ifname = each.call.ifname,
                         .container_id = id});
    }
  }
  return targets;
}

bool is_same(const Target& one, const Target& other) {
  return one.container_id == other.container_id && one.ifname == other.ifname;
}

bool attaches(const std::string& network) {
  return network != "host" && !network.starts_with("ns:");
}

void add_unique(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const std::string& each : more) {
    if (std::ranges::find(list, each) == list.end()) list.push_back(each);
  }
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "0.0.0.0";
}

// "keyword value value" lines of resolv.conf(5).
std::vector<std::string> values_of(const std::string& file, const std::string& keyword) {
  std::vector<std::string> values;
  std::istringstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word != keyword) continue;
    while (words >> word) values.push_back(word);
  }
  return values;
}

}  // namespace

Result<std::vector<container::NetworkUse>> network_uses(const Settings& settings,
                                                        const RunOptions& options) {
  std::vector<std::string> networks = options.networks;
  if (networks.empty()) networks.emplace_back("bridge");
  std::vector<container::NetworkUse> uses;
  for (const std::string& network : networks) {
    const bool is_mode =
        !attaches(network) || network == "none" || network.starts_with("container:");
    if (is_mode && networks.size() > 1) {
      return fail(Errc::InvalidArgument, "--network {} does not go together with another", network);
    }
    if (!attaches(network)) continue;
    container::NetworkUse use{.network = network, .ifname = format("eth{}", uses.size())};
    if (uses.empty()) {
      use.publish = options.publish;
      use.ips = options.ips;
      use.mac = options.mac;
    }
    const Wanted wanted{.publish = use.publish, .ips = use.ips, .mac = use.mac};
    TRY(check_wanted(settings, {.network = network}, wanted));
    uses.push_back(std::move(use));
  }
  if (uses.empty() && !options.publish.empty()) {
    log::warn("published ports are discarded: the container has the host's ports as they are");
  }
  return uses;
}

Status attach_all(const Settings& settings, const container::State& state, Names& names) {
  Rollback undo;
  for (const container::NetworkUse& use : state.networks) {
    const Target target = target_of(state, use);
    const Wanted wanted{.publish = use.publish, .ips = use.ips, .mac = use.mac};
    const Attached attached =
        TRY(attach(settings, target, wanted).context("network \"{}\"", use.network));
    undo.add("detach from " + use.network, [&settings, target] { return del(settings, target); });
    for (const cni::Ip& ip : attached.result.ips) {
      const std::string address = ip.address.address.to_text();
      if (!is_loopback(address)) names.addresses.push_back(address);
    }
    add_unique(names.nameservers, attached.result.dns.nameservers);
    add_unique(names.search, attached.result.dns.search);
    add_unique(names.options, attached.result.dns.options);
  }
  undo.commit();
  return ok();
}

Status detach_all(const Settings& settings, const container::State& state) {
  auto attached = attached_targets(settings, state);
  // Attaching begins when the namespace is pinned, and what was attached is in the cache.
  if (attached && attached->empty() && !TRY(sys::exists(state.netns))) return ok();
  ErrorList errors;
  if (!attached) errors.add(attached.error());
  std::vector<Target> targets;
  for (const container::NetworkUse& use : state.networks) {
    targets.push_back(target_of(state, use));
  }
  // What was added while it ran comes behind what it began with.
  for (const Target& each : std::move(attached).value_or({})) {
    const auto same = [&](const Target& other) { return is_same(each, other); };
    if (std::ranges::none_of(targets, same)) targets.push_back(each);
  }
  for (auto each = targets.rbegin(); each != targets.rend(); ++each) {
    errors.keep(del(settings, *each).context("network \"{}\"", each->network));
  }
  return errors.status();
}

std::string hosts_text(const Names& names, const std::vector<std::string>& extra_hosts) {
  std::string text =
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::0\tip6-localnet\n"
      "ff00::0\tip6-mcastprefix\n"
      "ff02::1\tip6-allnodes\n"
      "ff02::2\tip6-allrouters\n";
  for (const std::string& each : extra_hosts) {
    const auto colon = each.find(':');  // an address may have colons, a name has none
    text += each.substr(colon + 1) + "\t" + each.substr(0, colon) + "\n";
  }
  for (const std::string& address : names.addresses) {
    text += address + "\t";
    if (!names.domainname.empty()) text += names.hostname + "." + names.domainname + " ";
    text += names.hostname + "\n";
  }
  return text;
}

std::string resolv_conf_text(const Names& names, const std::string& host_file, bool own_netns) {
  std::vector<std::string> servers = names.nameservers;
  std::vector<std::string> search = names.search;
  std::vector<std::string> options = names.options;
  if (servers.empty()) {
    servers = values_of(host_file, "nameserver");
    if (own_netns) std::erase_if(servers, is_loopback);
  }
  if (search.empty()) search = values_of(host_file, "search");
  if (options.empty()) options = values_of(host_file, "options");
  std::string text;
  for (const std::string& server : servers) text += "nameserver " + server + "\n";
  if (!search.empty() && search.front() != ".") text += "search " + joined(search, " ") + "\n";
  if (!options.empty()) text += "options " + joined(options, " ") + "\n";
  return text;
}

}  // namespace netctl::command

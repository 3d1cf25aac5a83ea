#include "netctl/findings.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "runtime-core/base/format.hpp"

namespace netctl::command {
namespace {

constexpr const char* kForwardV4 = "net/ipv4/ip_forward";
constexpr const char* kForwardV6 = "net/ipv6/conf/all/forwarding";
constexpr const char* kBridgeV4 = "net/bridge/bridge-nf-call-iptables";
constexpr const char* kBridgeV6 = "net/bridge/bridge-nf-call-ip6tables";
constexpr const char* kReversePath = "net/ipv4/conf/all/rp_filter";
constexpr const char* kRouteLocal = "net/ipv4/conf/all/route_localnet";

// "net/ipv4/ip_forward" as sysctl(8) writes it.
std::string dotted(std::string path) {
  std::ranges::replace(path, '/', '.');
  return path;
}

std::string value_of(const Sysctls& values, const char* path) {
  const auto found = values.find(path);
  return found == values.end() ? "" : found->second;
}

Finding judge_forwarding(const Sysctls& values, const char* path, bool is_needed) {
  const std::string about = "sysctl " + dotted(path);
  const std::string value = value_of(values, path);
  if (value.empty()) return {Grade::Ok, about, "the kernel has no such family", ""};
  if (value != "0") return {Grade::Ok, about, "on", ""};
  if (!is_needed) {
    return {Grade::Ok, about, "off; the first container that needs it switches it on", ""};
  }
  return {Grade::Fail, about,
          "off: containers reach nothing beyond their bridge, and no published port leads to one",
          format("sysctl -w {}=1, and find who switched it off", dotted(path))};
}

// What bridges is shown to the chains of routed packets.
Finding judge_bridge_v4(const Sysctls& values, bool others_drop) {
  const std::string about = "sysctl " + dotted(kBridgeV4);
  if (value_of(values, kBridgeV4) != "1") {
    return {Grade::Ok, about, "off: containers of one bridge meet no firewall", ""};
  }
  if (!others_drop) {
    return {Grade::Ok, about, "on: forward chains see what goes from port to port", ""};
  }
  return {Grade::Warn, about,
          "on, and another firewall drops: containers of one bridge may not reach each other",
          format("let the bridges pass there, or sysctl -w {}=0", dotted(kBridgeV4))};
}

Finding judge_bridge_v6(const Sysctls& values) {
  const std::string about = "sysctl " + dotted(kBridgeV6);
  if (value_of(values, kBridgeV6) != "1") return {Grade::Ok, about, "off", ""};
  return {Grade::Warn, about, "on: no published port answers at [::1]",
          format("sysctl -w {}=0, unless a firewall or kube-proxy needs it", dotted(kBridgeV6))};
}

Finding judge_reverse_path(const Sysctls& values) {
  const std::string about = "sysctl " + dotted(kReversePath);
  if (value_of(values, kReversePath) != "1") return {Grade::Ok, about, "not strict", ""};
  return {Grade::Warn, about,
          "strict: what comes in by another way than its answer would go is dropped",
          format("with more than one way out, sysctl -w {}=2", dotted(kReversePath))};
}

Finding judge_route_localnet(const Sysctls& values) {
  const std::string about = "sysctl " + dotted(kRouteLocal);
  if (value_of(values, kRouteLocal) != "1") return {Grade::Ok, about, "off", ""};
  return {
      Grade::Warn, about,
      "on everywhere: without a rule against it, neighbours reach what listens on 127.0.0.1",
      format("sysctl -w {}=0: netctl sets it on the bridges that need it", dotted(kRouteLocal))};
}

bool is_ours(const nft::ChainFacts& chain) {
  return chain.table == "netctl" && (chain.family == "inet" || chain.family == "bridge");
}

bool drops_forwarded(const nft::ChainFacts& chain) {
  return !is_ours(chain) && chain.family != "bridge" && chain.drops &&
         chain.hook == nft::Hook::Point::Forward;
}

// Whose chain it is, where the name tells.
std::string chain_owner(const nft::ChainFacts& chain) {
  if (is_ours(chain)) return "";
  if (chain.table == "firewalld") return "firewalld";
  if (chain.name.starts_with("DOCKER")) return "Docker";
  if (chain.name.starts_with("KUBE-")) return "kube-proxy";
  if (chain.name.starts_with("ufw")) return "ufw";
  return "";
}

}  // namespace

const std::vector<std::string>& sysctls_of_interest() {
  static const std::vector<std::string> paths{kForwardV4, kForwardV6,   kBridgeV4,
                                              kBridgeV6,  kReversePath, kRouteLocal};
  return paths;
}

std::string_view to_text(Grade grade) {
  switch (grade) {
    case Grade::Ok:
      return "OK";
    case Grade::Warn:
      return "WARN";
    case Grade::Fail:
      return "FAIL";
  }
  return "?";
}

Finding judge_trial(const Trial& trial) {
  const std::string about = "kernel: " + trial.what;
  if (trial.refusal.empty()) return {Grade::Ok, about, "works", ""};
  switch (trial.need) {
    case Need::Every:
      return {Grade::Fail, about, trial.refusal, "run as root, on a kernel that has it"};
    case Need::Some:
      return {Grade::Warn, about, trial.refusal,
              "do without what needs it, or take a kernel that has it"};
    case Need::Told:
      break;
  }
  return {Grade::Ok, about, trial.refusal, ""};
}

Findings judge_sysctls(const Sysctls& values, const Traffic& traffic) {
  return {judge_forwarding(values, kForwardV4, traffic.v4),
          judge_forwarding(values, kForwardV6, traffic.v6),
          judge_bridge_v4(values, traffic.others_drop),
          judge_bridge_v6(values),
          judge_reverse_path(values),
          judge_route_localnet(values)};
}

bool others_drop(const std::vector<nft::ChainFacts>& chains) {
  return std::ranges::any_of(chains, drops_forwarded);
}

Findings judge_firewalls(const Firewalls& firewalls) {
  Findings findings;
  std::set<std::string> owners;
  for (const nft::ChainFacts& chain : firewalls.chains) {
    if (drops_forwarded(chain)) {
      findings.push_back({Grade::Warn, format("firewall {} {}", chain.family, chain.table),
                          format("chain {} drops what its rules do not accept, also what goes to "
                                 "and from containers",
                                 chain.name),
                          "accept there what the containers' bridges forward"});
    }
    owners.insert(chain_owner(chain));
  }
  owners.erase("");
  if (owners.contains("firewalld")) {
    findings.push_back({Grade::Warn, "firewall firewalld",
                        "rejects what is forwarded unless both ends are in zones that accept it",
                        "firewall-cmd --zone=trusted --add-interface=BRIDGE, also --permanent"});
    owners.erase("firewalld");
  }
  if (firewalls.legacy) {
    findings.push_back({Grade::Warn, "firewall iptables-legacy",
                        "has rules that are asked besides those of nftables",
                        "see that iptables-legacy -S FORWARD lets the containers' bridges pass"});
  }
  const std::vector<std::string> names(owners.begin(), owners.end());
  if (!names.empty()) {
    findings.push_back({Grade::Ok, "firewall", joined(names, ", ") + " has rules of its own", ""});
  } else if (findings.empty()) {
    findings.push_back({Grade::Ok, "firewall", "no other drops what is forwarded", ""});
  }
  return findings;
}

Finding judge_table(const TableState& table) {
  const std::string about = "table " + table.name;
  if (!table.lost.empty()) return {Grade::Fail, about, table.lost, "netctl reload"};
  if (table.missing == 0) return {Grade::Ok, about, "has all that is on record", ""};
  return {Grade::Fail, about,
          format("{} missing: ports and ways out of containers do not work",
                 table.missing == 1 ? "1 element is" : format("{} elements are", table.missing)),
          "netctl reload, and netctl reload --watch where it happens again"};
}

Finding judge_attachments(const std::vector<std::string>& gone) {
  if (gone.empty()) return {Grade::Ok, "attachments", "each has its namespace", ""};
  return {
      Grade::Warn, "attachments",
      format("the namespace is gone of {}: addresses and ports are still held", joined(gone, ", ")),
      "netctl gc"};
}

Findings judge_ranges(const std::vector<Overlap>& overlaps) {
  if (overlaps.empty()) return {{Grade::Ok, "subnets", "no network overlaps another way", ""}};
  Findings findings;
  for (const Overlap& each : overlaps) {
    findings.push_back({Grade::Warn, format("subnet {}", each.subnet.to_text()),
                        format("of network \"{}\" overlaps {}, {}: one hides the other",
                               each.network, each.other.to_text(), each.holder),
                        "give the network another subnet, or take the other away"});
  }
  return findings;
}

Finding judge_manager(const Manager& manager) {
  if (!manager.runs) return {Grade::Ok, manager.name, "does not run", ""};
  if (manager.has_drop_in) return {Grade::Ok, manager.name, "leaves our interfaces alone", ""};
  if (!manager.setting.empty()) {
    return {Grade::Warn, manager.name,
            "runs, and may give the interfaces of containers addresses of its own",
            manager.setting};
  }
  return {Grade::Warn, manager.name,
          "runs without our drop-in: it may configure the interfaces of containers",
          format("install {} (the package netctl-plugins has it, cmake --install too)",
                 manager.drop_in)};
}

Findings judge_plugins(const std::vector<PluginFile>& plugins,
                       const std::vector<std::string>& directories) {
  std::vector<std::string> missing;
  Findings findings;
  for (const PluginFile& plugin : plugins) {
    if (plugin.path.empty()) {
      missing.push_back(plugin.name);
    } else if (!plugin.is_same) {
      findings.push_back({Grade::Warn, "plugin " + plugin.name,
                          plugin.path + " is another's, or of another version: it is run as it is",
                          "install netctl and its plugins together, or set CNI_PATH"});
    }
  }
  if (!missing.empty()) {
    const bool all = missing.size() == plugins.size();
    findings.push_back(
        {all ? Grade::Fail : Grade::Warn, "plugins",
         format("{} not found in {}", joined(missing, ", "), joined(directories, ", ")),
         "install them there, or set CNI_PATH"});
  }
  if (findings.empty()) findings.push_back({Grade::Ok, "plugins", "all of this version", ""});
  return findings;
}

Finding judge_copies(const Copies& copies, const std::string& own_version) {
  const std::string about = "plugins in " + copies.directory;
  std::string others;
  for (const auto& [version, names] : copies.by_version) {
    if (version == own_version) continue;
    others +=
        format("{}{} of version {}", others.empty() ? "" : "; ", joined(names, ", "), version);
  }
  if (others.empty()) return {Grade::Ok, about, "those of netctl are of this version", ""};
  return {Grade::Warn, about, others + ": other runtimes call those",
          format("netctl install --dir {}", copies.directory)};
}

}  // namespace netctl::command

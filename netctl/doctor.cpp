#include "netctl/doctor.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <utility>

#include "netctl/config.hpp"
#include "netctl/containers.hpp"
#include "netctl/findings.hpp"
#include "netctl/kernel_features.hpp"
#include "netctl/leftovers.hpp"
#include "netctl/networks.hpp"
#include "netctl/subnets.hpp"
#include "netctl/upkeep.hpp"
#include "plugins/built_ins.hpp"
#include "runtime-core/attach/own_tables.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/record_check.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::command {
namespace {

using Attachments = std::vector<cni::CachedAttachment>;

void append(Findings& findings, Findings more) {
  std::ranges::move(more, std::back_inserter(findings));
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// --- the kernel -----------------------------------------------------------------------------

Findings examine_kernel() {
  Findings findings;
  for (const Trial& trial : try_kernel()) findings.push_back(judge_trial(trial));
  return findings;
}

// --- parameters and firewalls ---------------------------------------------------------------

bool has_gateway(const Attachments& attachments, Family family) {
  return std::ranges::any_of(attachments, [&](const cni::CachedAttachment& each) {
    if (!each.result_json) return false;
    const auto result = cni::parse_result(*each.result_json, "");
    return result && std::ranges::any_of(result->ips, [&](const cni::Ip& ip) {
             return ip.gateway && ip.gateway->family() == family;
           });
  });
}

Result<Firewalls> read_firewalls() {
  Firewalls firewalls{.chains = TRY(nft::list_chains())};
  for (const char* names : {"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"}) {
    const auto tables = TRY(sys::find_file(names));
    if (tables && ("\n" + *tables).find("\nfilter\n") != std::string::npos) firewalls.legacy = true;
  }
  return firewalls;
}

Result<Findings> examine_packet_ways(const Attachments& attachments) {
  Sysctls values;
  for (const std::string& path : sysctls_of_interest()) {
    if (auto value = TRY(sys::find_sysctl(path))) values[path] = *std::move(value);
  }
  const Firewalls firewalls = TRY(read_firewalls());
  Findings findings =
      judge_sysctls(values, {.v4 = has_gateway(attachments, Family::V4),
                             .v6 = has_gateway(attachments, Family::V6),
                             .others_drop = others_drop(firewalls.chains) || firewalls.legacy});
  append(findings, judge_firewalls(firewalls));
  return findings;
}

// --- what is ours ---------------------------------------------------------------------------

Result<Finding> examine_table(const attach::OwnedTable& table) {
  attach::TableEditor editor = TRY(attach::TableEditor::open(table));
  TableState state{.name = nft::to_text(table.table)};
  const Status whole = editor.check_table();
  if (!whole) state.lost = whole.error().message;
  if (whole) state.missing = TRY(attach::count_missing(table));
  return judge_table(state);
}

Finding examine_attachments(const Attachments& attachments) {
  std::vector<std::string> gone;
  for (const cni::CachedAttachment& each : attachments) {
    if (is_netns_gone(each).value_or(false))
      gone.push_back(format("{} ({})", each.call.container_id, each.network));
  }
  return judge_attachments(gone);
}

// --- subnets --------------------------------------------------------------------------------

// Whether the interface is one that the network has made: its bridge, or the host's end of a pair.
bool is_part_of(const rtnl::Link& link, const cni::NetworkConfig& network) {
  return link.name == network_facts(network).bridge ||
         link.alias.starts_with(attach::network_tag(network.name)) ||
         link.alias.starts_with("netctl:" + attach::network_tag(network.name));
}

Result<Findings> examine_subnets(const std::vector<cni::NetworkConfig>& networks) {
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  const auto links = TRY(host.links());
  const auto taken = TRY(taken_subnets(host, {}));
  std::vector<Overlap> overlaps;
  const auto note = [&](const std::string& network, const IpPrefix& subnet, const Taken& other) {
    const IpPrefix whole = other.subnet.masked();
    // An address and the route that comes with it are one.
    const bool is_known = std::ranges::any_of(overlaps, [&](const Overlap& each) {
      return each.network == network && each.subnet == subnet && each.other == whole;
    });
    if (!is_known) overlaps.push_back({network, subnet, whole, other.holder});
  };
  std::vector<Taken> before;  // of the networks that were looked at already
  for (const cni::NetworkConfig& network : networks) {
    for (const IpPrefix& subnet : network_facts(network).subnets) {
      for (const Taken& each : taken) {
        const auto link = std::ranges::find(links, each.link, &rtnl::Link::index);
        const bool is_own = link != links.end() && is_part_of(*link, network);
        if (!is_own && each.subnet.overlaps(subnet)) note(network.name, subnet, each);
      }
      for (const Taken& each : before) {
        if (each.subnet.overlaps(subnet)) note(network.name, subnet, each);
      }
    }
    for (const IpPrefix& subnet : network_facts(network).subnets) {
      before.push_back({.subnet = subnet, .holder = format("network \"{}\"", network.name)});
    }
  }
  return judge_ranges(overlaps);
}

// --- other programs -------------------------------------------------------------------------

bool is_in_any(const std::vector<const char*>& directories, const std::string& name) {
  return std::ranges::any_of(directories,
                             [&](const char* each) { return exists(format("{}/{}", each, name)); });
}

// The names of all programs that run.
std::set<std::string> running_programs() {
  std::set<std::string> names;
  const auto processes = sys::list_directory("/proc");
  if (!processes) return names;
  for (const std::string& each : *processes) {
    if (each.find_first_not_of("0123456789") != std::string::npos) continue;
    // One that has ended meanwhile does not run.
    const auto name = sys::find_file(format("/proc/{}/comm", each));
    if (name && *name) names.insert((*name)->substr(0, (*name)->find('\n')));
  }
  return names;
}

// Whether a line that is no comment has both words.
bool says(const char* file, std::string_view key, std::string_view value) {
  const auto text = sys::find_file(file);
  if (!text || !*text) return false;
  std::istringstream lines(**text);
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(key);
    if (at != line.npos && line.find('#') > at && line.find(value, at) != line.npos) return true;
  }
  return false;
}

Findings examine_managers(const std::set<std::string>& programs) {
  const Manager managers[] = {
      {.name = "NetworkManager",
       .drop_in = "/usr/lib/NetworkManager/conf.d/netctl.conf",
       .runs = exists("/run/NetworkManager"),
       .has_drop_in = is_in_any({"/usr/lib/NetworkManager/conf.d", "/etc/NetworkManager/conf.d",
                                 "/run/NetworkManager/conf.d"},
                                "netctl.conf")},
      {.name = "systemd-networkd",
       .drop_in = "/usr/lib/systemd/network/05-netctl.network",
       .runs = exists("/run/systemd/netif/state"),
       .has_drop_in =
           is_in_any({"/usr/lib/systemd/network", "/etc/systemd/network", "/run/systemd/network"},
                     "05-netctl.network")},
      {.name = "dhcpcd",
       .setting = "write \"denyinterfaces veth* netctl0* nc-*\" into /etc/dhcpcd.conf",
       .runs = programs.contains("dhcpcd"),
       .has_drop_in = says("/etc/dhcpcd.conf", "denyinterfaces", "veth*") ||
                      says("/etc/dhcpcd.conf", "allowinterfaces", "")},
      {.name = "connman",
       .setting = "write \"NetworkInterfaceBlacklist=veth,netctl0,nc-\" into the section [General] "
                  "of /etc/connman/main.conf",
       .runs = programs.contains("connmand"),
       .has_drop_in = says("/etc/connman/main.conf", "NetworkInterfaceBlacklist", "veth")}};
  Findings findings;
  for (const Manager& manager : managers) findings.push_back(judge_manager(manager));
  return findings;
}

Result<Findings> examine_leftovers(const std::set<std::string>& programs, bool has_attachments) {
  Remains remains{.programs = programs, .has_attachments = has_attachments};
  remains.chains = TRY(nft::list_chains());
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  for (const rtnl::Link& link : TRY(host.links())) remains.links.insert(link.name);
  return judge_leftovers(remains);
}

Findings examine_plugins(const Settings& settings) {
  std::vector<PluginFile> files;
  for (const cni::Plugin* plugin : plugins::built_ins()) {
    PluginFile file{.name = std::string(plugin->name())};
    for (const std::string& directory : settings.plugin_path) {
      const std::string path = format("{}/{}", directory, plugin->name());
      if (::access(path.c_str(), X_OK) != 0) continue;
      file.path = path;
      file.is_same = cni::find_built_in(plugins::built_ins(), path) != nullptr;
      break;
    }
    files.push_back(std::move(file));
  }
  return judge_plugins(files, settings.plugin_path);
}

// What `netctl install` has put where other runtimes look, and perhaps an older netctl.
Findings examine_copies() {
  Findings findings;
  for (const char* directory : {"/opt/cni/bin", "/usr/lib/cni"}) {
    Copies copies{.directory = directory};
    const auto names = sys::list_directory(directory);
    if (!names) continue;
    for (const std::string& name : *names) {
      const auto version = cni::stamped_version(format("{}/{}", directory, name));
      if (version && *version) copies.by_version[**version].push_back(name);
    }
    if (copies.by_version.empty()) continue;
    findings.push_back(judge_copies(copies, std::string(cni::own_version())));
  }
  return findings;
}

// --- all of it ------------------------------------------------------------------------------

Result<Findings> examine_all(const Settings& settings) {
  const Attachments attachments = runtime(settings).cached("");
  Findings findings = examine_kernel();
  append(findings, TRY(examine_packet_ways(attachments)));
  for (const attach::OwnedTable* table : attach::own_tables()) {
    findings.push_back(TRY(examine_table(*table)));
  }
  findings.push_back(examine_attachments(attachments));
  if (const auto networks = all_networks(settings)) {
    append(findings, TRY(examine_subnets(*networks)));
  } else {
    findings.push_back({Grade::Fail, "networks", networks.error().message, ""});
  }
  const std::set<std::string> programs = running_programs();
  append(findings, examine_managers(programs));
  append(findings, TRY(examine_leftovers(programs, !attachments.empty())));
  append(findings, examine_plugins(settings));
  append(findings, examine_copies());
  return findings;
}

// As the ADD of each of these did, when somebody has switched it off since.
Status switch_forwarding_on(const Attachments& attachments) {
  const std::pair<Family, const char*> families[] = {{Family::V4, "net/ipv4/ip_forward"},
                                                     {Family::V6, "net/ipv6/conf/all/forwarding"}};
  for (const auto& [family, path] : families) {
    if (!has_gateway(attachments, family)) continue;
    if (TRY(sys::find_sysctl(path)) == "0") TRY(sys::set_sysctl(path, "1"));
  }
  return ok();
}

// What can be put right without anybody's harm.
Status mend(const Settings& settings) {
  TRY(put_back(settings));
  ErrorList errors;
  errors.keep(collect_containers(settings, false));
  const Attachments attachments = runtime(settings).cached("");
  errors.keep(switch_forwarding_on(attachments));
  std::set<std::string> networks;
  for (const cni::CachedAttachment& each : attachments) {
    if (is_netns_gone(each).value_or(false)) networks.insert(each.network);
  }
  for (const std::string& network : networks) {
    errors.keep(collect_garbage(settings, {.network = network}));
  }
  return errors.status();
}

}  // namespace

Status examine(const Settings& settings, bool fix, const Output& output) {
  if (fix) TRY(mend(settings));
  const Findings findings = TRY(examine_all(settings));
  std::vector<Facts> things;
  for (const Finding& each : findings) {
    things.push_back({fact("status", std::string(to_text(each.grade))), fact("about", each.about),
                      fact("found", each.found), fact("advice", each.advice)});
  }
  static constexpr std::array<Column, 4> kColumns{
      {{"STATUS", "status"}, {"ABOUT", "about"}, {"FOUND", "found"}, {"WHAT TO DO", "advice"}}};
  TRY(print_list(things, kColumns, "about", output));
  const bool fails =
      std::ranges::any_of(findings, [](const Finding& each) { return each.grade == Grade::Fail; });
  return fails ? Status(Error{}) : ok();
}

}  // namespace netctl::command

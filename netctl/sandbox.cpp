#include "netctl/sandbox.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "netctl/filters.hpp"
#include "netctl/named_container.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::command {
namespace {

using Attachments = std::vector<cni::CachedAttachment>;

// Those that decide where packets go, and what a container may do with ports.
constexpr std::array<const char*, 10> kSysctls{
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv6/conf/all/disable_ipv6",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv4/conf/all/arp_ignore",
    "net/ipv4/conf/all/arp_announce",
    "net/ipv4/ip_unprivileged_port_start",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/ping_group_range",
};

// Values of enum rt_class_t and of rtm_protocol that have a name; others show as numbers.
std::string table_name(std::uint32_t table) {
  switch (table) {
    case 253:
      return "default";
    case 254:
      return "main";
    case 255:
      return "local";
    default:
      return format("{}", table);
  }
}

// NUD_* of linux/neighbour.h, as ip-neighbour(8) calls them.
std::string state_name(std::uint16_t state) {
  static const std::map<std::uint16_t, std::string> names{
      {0x01, "incomplete"}, {0x02, "reachable"}, {0x04, "stale"}, {0x08, "delay"},
      {0x10, "probe"},      {0x20, "failed"},    {0x40, "noarp"}, {0x80, "permanent"},
  };
  const auto found = names.find(state);
  return found == names.end() ? format("{}", state) : found->second;
}

// What one namespace holds, as the kernel told it.
struct Contents {
  std::vector<rtnl::Link> links{};
  std::vector<rtnl::Address> addresses{};
  std::vector<rtnl::Route> routes{};
  std::vector<rtnl::Neighbour> neighbours{};
  std::vector<std::pair<std::string, std::string>> sysctls{};

  std::string name_of(int index) const {
    const auto found = std::ranges::find(links, index, &rtnl::Link::index);
    return found == links.end() ? format("link {}", index) : found->name;
  }
  std::vector<std::string> addresses_of(int index) const {
    std::vector<std::string> texts;
    for (const rtnl::Address& address : addresses) {
      if (address.link == index) texts.push_back(address.prefix.to_text());
    }
    return texts;
  }
};

Result<Contents> read_contents() {
  rtnl::RouteSocket socket = TRY(rtnl::RouteSocket::open());
  Contents contents;
  contents.links = TRY(socket.links());
  contents.addresses = TRY(socket.addresses());
  contents.neighbours = TRY(socket.neighbours());
  for (const Family family : {Family::V4, Family::V6}) {
    for (const rtnl::Route& route : TRY(socket.routes(family, 0))) {
      // The kernel's own entries for its addresses say nothing that the addresses do not.
      if (route.table != 255) contents.routes.push_back(route);
    }
  }
  for (const char* path : kSysctls) {
    if (auto value = TRY(sys::find_sysctl(path))) contents.sysctls.emplace_back(path, *value);
  }
  return contents;
}

Result<Contents> read_namespace(const std::string& path) {
  const UniqueFd netns = TRY(ns::open_netns(path));
  return ns::run_in(netns.get(), read_contents);
}

Attachments attachments_in(const Attachments& all, const std::string& path) {
  Attachments found;
  std::ranges::copy_if(all, std::back_inserter(found),
                       [&](const cni::CachedAttachment& each) { return each.call.netns == path; });
  return found;
}

std::string endpoint_text(const cni::CachedAttachment& attachment) {
  return attachment.network + "/" + attachment.call.ifname;
}

std::vector<std::string> endpoint_texts(const Attachments& attachments) {
  std::vector<std::string> texts;
  for (const cni::CachedAttachment& each : attachments) texts.push_back(endpoint_text(each));
  return texts;
}

// --- lists of one sandbox -------------------------------------------------------------------

std::vector<Facts> interface_facts(const Contents& contents, const Attachments& attachments) {
  std::vector<Facts> things;
  for (const rtnl::Link& link : contents.links) {
    const auto endpoint = std::ranges::find_if(attachments, [&](const cni::CachedAttachment& each) {
      return each.call.ifname == link.name;
    });
    things.push_back(
        {fact("interface", link.name), fact("kind", link.kind),
         fact("state", !link.up       ? "down"
                       : link.carrier ? "up"
                                      : "no carrier"),
         fact("mtu", link.mtu), fact("mac", link.mac.to_text()),
         fact("addresses", contents.addresses_of(link.index)),
         fact("network", endpoint == attachments.end() ? "" : endpoint->network),
         fact("container", endpoint == attachments.end() ? "" : endpoint->call.container_id)});
  }
  return things;
}

std::vector<Facts> route_facts(const Contents& contents) {
  std::vector<Facts> things;
  for (const rtnl::Route& route : contents.routes) {
    things.push_back(
        {fact("destination",
              route.destination.is_default() ? "default" : route.destination.to_text()),
         fact("gateway", route.gateway ? route.gateway->to_text() : ""),
         fact("interface", contents.name_of(route.link)),
         fact("source", route.source ? route.source->to_text() : ""), fact("metric", route.metric),
         fact("table", table_name(route.table))});
  }
  return things;
}

std::vector<Facts> neighbour_facts(const Contents& contents) {
  std::vector<Facts> things;
  for (const rtnl::Neighbour& each : contents.neighbours) {
    things.push_back({fact("neighbour", each.address.to_text()), fact("mac", each.mac.to_text()),
                      fact("interface", contents.name_of(each.link)),
                      fact("state", state_name(each.state))});
  }
  return things;
}

std::vector<Facts> sysctl_facts(const Contents& contents) {
  std::vector<Facts> things;
  for (const auto& [path, value] : contents.sysctls) {
    std::string name = path;
    std::ranges::replace(name, '/', '.');
    things.push_back({fact("parameter", name), fact("value", value)});
  }
  return things;
}

// Of the file that ip-netns(8) puts over /etc/resolv.conf for a pinned namespace; without one, what
// the networks say.
std::vector<std::string> nameservers_of(const std::string& path, const Attachments& attachments) {
  std::vector<std::string> servers;
  const std::string name = path.substr(path.rfind('/') + 1);
  const auto file = sys::find_file(format("/etc/netns/{}/resolv.conf", name));
  if (path == ns::pin_directory() + "/" + name && file && *file) {
    constexpr std::string_view kKey = "nameserver ";
    for (std::size_t begin = 0; begin < (*file)->size();) {
      const std::size_t end = std::min((*file)->find('\n', begin), (*file)->size());
      const std::string line = (*file)->substr(begin, end - begin);
      if (line.starts_with(kKey)) servers.push_back(line.substr(kKey.size()));
      begin = end + 1;
    }
    return servers;
  }
  for (const cni::CachedAttachment& each : attachments) {
    const auto result = cni::parse_result(each.result_json.value_or("{}"), "1.0.0");
    if (!result) continue;
    servers.insert(servers.end(), result->dns.nameservers.begin(), result->dns.nameservers.end());
  }
  return servers;
}

Fact list_fact(std::string name, const std::vector<Facts>& things) {
  std::vector<std::string> values;
  for (const Facts& facts : things) values.push_back(to_json(facts));
  return {.name = std::move(name), .text = "", .json = cni::json_list(values)};
}

Status print_section(const std::vector<Facts>& things) {
  if (things.empty()) return ok();
  std::vector<std::string> headings;
  for (const Fact& each : things.front()) headings.push_back(upper_case(each.name));
  std::vector<Column> columns;
  for (std::size_t i = 0; i < headings.size(); ++i) {
    columns.push_back({.heading = headings[i], .fact = things.front()[i].name});
  }
  TRY(print("\n"));
  return print_list(things, columns, "", Output{});
}

Result<std::vector<Facts>> read_sandboxes(const Settings& settings) {
  const Attachments all = runtime(settings).cached("");
  std::set<std::string> paths;
  for (const std::string& name : TRY(ns::list_pinned())) {
    paths.insert(format("{}/{}", ns::pin_directory(), name));
  }
  for (const cni::CachedAttachment& each : all) {
    if (!each.call.netns.empty()) paths.insert(each.call.netns);
  }
  std::vector<Facts> things;
  for (const std::string& path : paths) {
    const auto contents = read_namespace(path);
    if (!contents) continue;  // gone: netctl ls shows its attachments
    std::vector<std::string> interfaces;
    std::vector<std::string> addresses;
    for (const rtnl::Link& link : contents->links) {
      if (link.name == "lo") continue;
      interfaces.push_back(link.name);
      for (std::string& text : contents->addresses_of(link.index)) addresses.push_back(text);
    }
    things.push_back({fact("namespace", ns::name_of_path(path)), fact("path", path),
                      fact("interfaces", interfaces), fact("addresses", addresses),
                      fact("endpoints", endpoint_texts(attachments_in(all, path)))});
  }
  return things;
}

bool sandbox_holds(const Filter& filter, const Facts& facts) {
  if (filter.key == "interface")
    return is_fact({.key = "interfaces", .value = filter.value}, facts);
  if (filter.key == "namespace" || filter.key == "path") return is_fact(filter, facts);
  const bool is_address = filter.key == "address";
  const auto list = std::ranges::find(facts, is_address ? "addresses" : "endpoints", &Fact::name);
  // "10.0.0.2/24", "network/eth0": an address without its length, a network's name.
  return std::ranges::any_of(list->parts, [&](const std::string& each) {
    return each == filter.value || each.substr(0, each.find('/')) == filter.value;
  });
}

}  // namespace

Status list_sandboxes(const Settings& settings, const Output& output) {
  static constexpr std::array<Column, 5> kColumns{{{"NAMESPACE", "namespace"},
                                                   {"INTERFACES", "interfaces"},
                                                   {"ADDRESSES", "addresses"},
                                                   {"ENDPOINTS", "endpoints"},
                                                   {"PATH", "path", 0, true}}};
  return show_list({.columns = kColumns,
                    .name = "namespace",
                    .filters = kSandboxFilters,
                    .read = [&] { return read_sandboxes(settings); },
                    .changes = attachment_changes(settings),
                    .holds = sandbox_holds},
                   output);
}

Status inspect_sandbox(const Settings& settings, const std::string& ns, const Output& output) {
  const std::string path = TRY(existing_namespace(settings, ns));
  const Attachments attachments = attachments_in(runtime(settings).cached(""), path);
  const Contents contents = TRY(read_namespace(path));
  const auto interfaces = interface_facts(contents, attachments);
  const auto routes = route_facts(contents);
  const auto neighbours = neighbour_facts(contents);
  const auto sysctls = sysctl_facts(contents);
  const Facts facts{fact("namespace", ns::name_of_path(path)),
                    fact("path", path),
                    fact("endpoints", endpoint_texts(attachments)),
                    fact("nameservers", nameservers_of(path, attachments)),
                    list_fact("interfaces", interfaces),
                    list_fact("routes", routes),
                    list_fact("neighbours", neighbours),
                    list_fact("sysctls", sysctls)};
  TRY(print_one(facts, output));
  if (output.is_for_programs()) return ok();
  for (const auto& section : {interfaces, routes, neighbours, sysctls}) TRY(print_section(section));
  return ok();
}

}  // namespace netctl::command

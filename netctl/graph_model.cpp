#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <set>

#include "netctl/attachments.hpp"
#include "netctl/config.hpp"
#include "netctl/containers.hpp"
#include "netctl/default_networks.hpp"
#include "netctl/graph.hpp"
#include "netctl/networks.hpp"
#include "netctl/ports.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

using Attachments = std::vector<cni::CachedAttachment>;

constexpr std::uint8_t kByKernel = 2;  // RTPROT_KERNEL: what an address brings with it
constexpr std::uint8_t kUniverse = 0;  // RT_SCOPE_UNIVERSE
constexpr std::string_view kHost = "host";

// A namespace whatever path leads to it, as long as it is there: its file. Otherwise the path.
struct FilePlace {
  dev_t device = 0;
  ino_t inode = 0;
  std::string path{};
  auto operator<=>(const FilePlace&) const = default;
};

FilePlace place_of_path(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {.path = path};
  return {.device = info.st_dev, .inode = info.st_ino};
}

// --- the host -------------------------------------------------------------------------------

struct Host {
  std::vector<rtnl::Link> links{};
  std::vector<rtnl::Address> addresses{};
  std::vector<rtnl::Route> routes{};

  std::vector<std::string> addresses_of(int link) const {
    std::vector<std::string> texts;
    for (const rtnl::Address& each : addresses) {
      if (each.link == link && each.scope == kUniverse) texts.push_back(each.prefix.to_text());
    }
    return texts;
  }

  const rtnl::Link* called(const std::string& name) const {
    const auto found = std::ranges::find(links, name, &rtnl::Link::name);
    return found == links.end() ? nullptr : &*found;
  }
};

Result<Host> read_host() {
  rtnl::RouteSocket socket = TRY(rtnl::RouteSocket::open());
  Host host{.links = TRY(socket.links()), .addresses = TRY(socket.addresses())};
  for (const Family family : {Family::V4, Family::V6}) {
    for (const rtnl::Route& route : TRY(socket.routes(family))) {
      if (route.protocol != kByKernel) host.routes.push_back(route);
    }
  }
  return host;
}

std::string state_of(const rtnl::Link& link) { return link.up ? "up" : "down"; }

GraphLink graph_link(const Host& host, const rtnl::Link& link) {
  GraphLink graph{
      .name = link.name, .state = state_of(link), .addresses = host.addresses_of(link.index)};
  for (const rtnl::Route& route : host.routes) {
    if (route.link != link.index) continue;
    graph.routes.push_back(
        {.destination = route.destination.is_default() ? "default" : route.destination.to_text(),
         .gateway = route.gateway ? route.gateway->to_text() : ""});
  }
  return graph;
}

// Those that are no bridge, no port of one, and no end of an attachment: what leads elsewhere.
std::vector<GraphLink> graph_links(const Host& host, const std::set<std::string>& ends) {
  std::vector<GraphLink> graphs;
  for (const rtnl::Link& link : host.links) {
    if (link.name == "lo" || link.kind == "bridge" || link.master || ends.contains(link.name)) {
      continue;
    }
    GraphLink graph = graph_link(host, link);
    if (!graph.addresses.empty() || !graph.routes.empty()) graphs.push_back(std::move(graph));
  }
  return graphs;
}

// --- containers -----------------------------------------------------------------------------

// The interface of the host that leads to this one: of those that the result names, the last in the
// host, which comes behind the bridge.
std::string host_end_of(const Host& host, const cni::AddResult& result) {
  std::string end;
  for (const cni::Interface& each : result.interfaces) {
    const rtnl::Link* link = each.sandbox.empty() ? host.called(each.name) : nullptr;
    if (link && link->kind != "bridge") end = each.name;
  }
  return end;
}

// Ports, by the tag of whose they are.
std::map<std::string, std::vector<GraphPort>> read_ports(const Settings& settings) {
  std::map<std::string, std::vector<GraphPort>> ports;
  const auto published = published_ports(settings);
  if (!published) {
    log::warn("without ports: {}", published.error().message);
    return ports;
  }
  for (const PublishedAt& each : *published) {
    ports[each.owner.tag()].push_back(
        {.host = with_port(each.host, each.host_port),
         .inside = format("{}/{}", each.container_port, each.protocol),
         .outside = each.outside});
  }
  return ports;
}

class Reader {
 public:
  Reader(const Settings& settings, Host host)
      : settings_(settings),
        host_(std::move(host)),
        attachments_(runtime(settings).cached("")),
        ports_(read_ports(settings)),
        own_(place_of_path("/proc/self/ns/net")) {}

  Result<Graph> all() {
    Graph graph{.host = host_name()};
    TRY(read_containers());
    TRY(read_attachments());
    TRY(read_pins());
    for (auto& [place, container] : found_) {
      // eth0 first: a container stands beside the network that it has there.
      std::ranges::stable_sort(container.endpoints, {}, &GraphEndpoint::ifname);
      graph.containers.push_back(std::move(container));
    }
    std::ranges::move(of_host_, std::back_inserter(graph.containers));
    std::ranges::sort(graph.containers, {}, &GraphContainer::name);
    graph.networks = TRY(networks_of(graph));
    graph.links = graph_links(host_, ends_);
    return graph;
  }

 private:
  static std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "host";
  }

  // Those that netctl runs, or ran: they have names.
  Status read_containers() {
    for (const container::State& state : TRY(store(settings_).all())) {
      const std::string name = state.name.empty() ? state.id.substr(0, 12) : state.name;
      names_[state.id] = name;
      if (!TRY(container::is_running(state))) continue;
      if (state.netns.empty()) {
        of_host_.push_back({.name = name,
                            .state = "running",
                            .endpoints = {{.network = std::string(kHost), .ifname = "host"}}});
        continue;
      }
      GraphContainer& container = at(place_of_path(state.netns), state.netns);
      // One that joined another's comes with its attachment.
      if (is_joined(state)) continue;
      container.name = name;
      container.state = "running";
    }
    return ok();
  }

  static bool is_joined(const container::State& state) {
    return std::ranges::any_of(state.networks, [](const container::NetworkUse& each) {
      return each.network.starts_with("container:");
    });
  }

  // The one in that namespace, there from now on.
  GraphContainer& at(const FilePlace& place, const std::string& path) {
    const auto [found, is_new] = found_.try_emplace(place);
    if (is_new) found->second = {.name = ns::name_of_path(path), .path = path};
    return found->second;
  }

  std::string name_of(const std::string& container_id) const {
    const auto name = names_.find(container_id);
    return name == names_.end() ? container_id : name->second;
  }

  Status read_attachments() {
    for (const cni::CachedAttachment& each : attachments_) {
      const FilePlace place = place_of_path(each.call.netns);
      if (place == own_) {
        of_host_.push_back({.name = name_of(each.call.container_id),
                            .endpoints = {{.network = each.network, .ifname = each.call.ifname}}});
        continue;
      }
      GraphContainer& container = at(place, each.call.netns);
      if (driver_of(each) == "container") {
        container.joined.push_back(name_of(each.call.container_id));
      } else {
        container.endpoints.push_back(endpoint_of(each));
      }
    }
    return ok();
  }

  static std::string driver_of(const cni::CachedAttachment& attachment) {
    const auto network = cni::parse_network_list(attachment.config_text, "");
    return network ? network->plugins.front().type : "";
  }

  GraphEndpoint endpoint_of(const cni::CachedAttachment& attachment) {
    const cni::AddResult result = result_of(attachment);
    const attach::Owner owner = owner_of(attachment);
    GraphEndpoint endpoint{.network = attachment.network,
                           .ifname = attachment.call.ifname,
                           .state = attachment_state(attachment.call, result),
                           .host_end = host_end_of(host_, result),
                           .ports = ports_[owner.tag()]};
    // The mode none has no interface of that name, and needs none.
    if (driver_of(attachment) == "none") endpoint.ifname = "lo";
    for (const cni::Ip& ip : result.ips) endpoint.addresses.push_back(ip.address.to_text());
    if (!endpoint.host_end.empty()) ends_.insert(endpoint.host_end);
    return endpoint;
  }

  // Namespaces with a name that nothing is attached to.
  Status read_pins() {
    for (const std::string& name : TRY(ns::list_pinned())) {
      const std::string path = ns::pin_directory() + "/" + name;
      const FilePlace place = place_of_path(path);
      if (place != own_) at(place, path);
    }
    return ok();
  }

  // --- networks -----------------------------------------------------------------------------

  static bool is_used(const Graph& graph, const std::string& network) {
    return std::ranges::any_of(graph.containers, [&](const GraphContainer& each) {
      return std::ranges::find(each.endpoints, network, &GraphEndpoint::network) !=
             each.endpoints.end();
    });
  }

  // Those that there are, those that are only in the cache any more, and bridges of others.
  Result<std::vector<GraphNetwork>> networks_of(const Graph& graph) {
    std::vector<GraphNetwork> networks;
    for (const cni::NetworkConfig& each : TRY(all_networks(settings_))) {
      GraphNetwork network = network_of(each);
      const bool is_there = !is_default_network(each.name) || !network.state.empty();
      if (is_there || is_used(graph, each.name)) networks.push_back(std::move(network));
    }
    for (const cni::CachedAttachment& each : attachments_) {
      const auto known = std::ranges::find(networks, each.network, &GraphNetwork::name);
      if (known != networks.end() || !is_used(graph, each.network)) continue;
      const auto config = cni::parse_network_list(each.config_text, "");
      networks.push_back(config ? network_of(*config) : GraphNetwork{.name = each.network});
    }
    for (const rtnl::Link& link : host_.links) {
      if (link.kind != "bridge") continue;
      const auto known = std::ranges::find(networks, link.name, &GraphNetwork::device);
      if (known != networks.end()) continue;
      GraphNetwork network{.name = link.name, .driver = "bridge", .is_ours = false};
      set_device(network, link);
      networks.push_back(std::move(network));
    }
    std::ranges::sort(networks, {}, &GraphNetwork::name);
    return networks;
  }

  GraphNetwork network_of(const cni::NetworkConfig& config) {
    const NetworkFacts facts = network_facts(config);
    GraphNetwork network{.name = config.name,
                         .driver = facts.driver,
                         .internal = facts.internal,
                         .masquerade = facts.masquerade};
    for (const IpPrefix& subnet : facts.subnets) network.subnets.push_back(subnet.to_text());
    if (facts.driver != "bridge") return network;
    // The plugin's own choice where none is told.
    network.device = facts.bridge.empty() ? "cni0" : facts.bridge;
    if (const rtnl::Link* link = host_.called(network.device)) set_device(network, *link);
    return network;
  }

  void set_device(GraphNetwork& network, const rtnl::Link& link) const {
    network.device = link.name;
    network.state = state_of(link);
    network.addresses = host_.addresses_of(link.index);
    for (const rtnl::Link& port : host_.links) {
      if (port.master == link.index && !ends_.contains(port.name)) {
        network.other_ports.push_back(port.name);
      }
    }
  }

  const Settings& settings_;
  Host host_;
  Attachments attachments_;
  std::map<std::string, std::vector<GraphPort>> ports_;
  FilePlace own_;
  std::map<std::string, std::string> names_{};  // of containers, by id
  std::map<FilePlace, GraphContainer> found_{};
  std::vector<GraphContainer> of_host_{};
  std::set<std::string> ends_{};  // interfaces of the host that lead to containers
};

}  // namespace

Result<Graph> read_graph(const Settings& settings) {
  Host host = TRY(read_host());
  return Reader(settings, std::move(host)).all();
}

}  // namespace netctl::command

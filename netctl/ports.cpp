#include "netctl/ports.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <tuple>

#include "netctl/attach.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

using nft::Datum;
using nft::Element;

// --- whose it is ----------------------------------------------------------------------------

struct Holder {
  attach::Owner owner{};
  std::string ns{};  // empty: not known here
};

// By the tags of their elements; of those that the result cache knows.
using Holders = std::map<std::string, Holder>;

Holders known_holders(const Settings& settings) {
  Holders holders;
  for (const cni::CachedAttachment& each : runtime(settings).cached("")) {
    const attach::Owner owner = owner_of(each);
    holders[owner.tag()] = {.owner = owner, .ns = ns::name_of_path(each.call.netns)};
  }
  return holders;
}

// Another runtime keeps its results elsewhere; then the tag, "network/container/interface", tells
// what it has.
Holder holder_of(const Holders& known, const std::string& tag) {
  const auto found = known.find(tag);
  if (found != known.end()) return found->second;
  const auto first = tag.find('/');
  const auto last = tag.rfind('/');
  if (first == last) return {.owner = {.network = tag}};
  return {.owner = {.network = tag.substr(0, first),
                    .container_id = tag.substr(first + 1, last - first - 1),
                    .ifname = tag.substr(last + 1)}};
}

// --- what it is -----------------------------------------------------------------------------

// An element of a map or set of the publishing kind.
struct Published {
  std::string map{};
  std::optional<IpAddress> host{};  // nothing: every address of the family
  Family family = Family::V4;
  std::string host_port{};  // "8080", "8000-8999"
  std::string protocol{};
  IpAddress container{};
  std::string container_port{};
  std::string tag{};
  std::optional<nft::Counter> counter{};  // nothing: the set does not count
  std::string condition{};                // the chain that has to let a packet pass; empty: none
};

// A port that leads from the host to a container (a map), or that is open at the container's own
// address (a set); nothing for elements that do neither. Keys end in protocol and port.
std::optional<Published> published(const nft::Set& set, const Element& element) {
  const auto& key = element.key;
  if (key.size() < 2) return std::nullopt;
  Published port{.map = set.name,
                 .host_port = nft::to_text(key.back()),
                 .protocol = nft::to_text(key[key.size() - 2]),
                 .tag = element.comment,
                 .counter = element.counter};
  if (const auto* address = std::get_if<IpAddress>(&key.front())) port.host = *address;
  const Datum& target = element.data.empty() ? key.front() : element.data.front();
  const auto* container = std::get_if<IpAddress>(&target);
  if (container == nullptr) return std::nullopt;
  port.container = *container;
  port.family = container->family();
  port.container_port = element.data.size() > 1 ? nft::to_text(element.data[1]) : port.host_port;
  return port;
}

// The chains that are asked first, by the key of the port. Those on an address have a key of three
// parts, so one map has room for all.
using Conditions = std::map<std::pair<Family, std::vector<Datum>>, std::string>;

Result<Conditions> read_conditions(attach::TableEditor& table) {
  Conditions conditions;
  for (const Family family : {Family::V4, Family::V6}) {
    for (const auto& map : {attach::condition_map, attach::condition_any_map}) {
      for (const Element& element : TRY(table.elements(map(family)))) {
        conditions[{family, element.key}] = std::get<nft::Verdict>(element.data.front()).chain;
      }
    }
  }
  return conditions;
}

std::string condition_of(const Conditions& conditions, Family family, const Element& element) {
  std::vector<Datum> key = element.key;
  if (const auto* range = std::get_if<nft::PortRange>(&key.back())) {
    key.back() = nft::Port{range->first};  // its ports have the same, each
  }
  const auto found = conditions.find({family, key});
  return found == conditions.end() ? "" : found->second;
}

Result<std::vector<Published>> read_published() {
  std::vector<Published> ports;
  attach::TableEditor table = TRY(attach::TableEditor::open(attach::firewall_table()));
  const Conditions conditions = TRY(read_conditions(table));
  for (const attach::OwnedSet& owned : attach::firewall_table().sets) {
    if (owned.purpose != attach::Purpose::Publish) continue;
    for (const Element& element : TRY(table.elements(owned.set))) {
      auto port = published(owned.set, element);
      if (!port) continue;
      port->condition = condition_of(conditions, port->family, element);
      ports.push_back(*std::move(port));
    }
  }
  const auto order = [](const Published& port) {
    unsigned number = 0;
    std::from_chars(port.host_port.data(), port.host_port.data() + port.host_port.size(), number);
    return std::tuple(number, port.protocol, port.family, port.host, port.container);
  };
  std::ranges::sort(ports, {}, order);
  return ports;
}

// --- who reaches it -------------------------------------------------------------------------

class Reach {
 public:
  static Result<Reach> open() {
    auto host = TRY(rtnl::RouteSocket::open());
    auto table = TRY(attach::TableEditor::open(attach::firewall_table()));
    Reach reach(std::move(host));
    for (const rtnl::Address& address : TRY(reach.host_.addresses())) {
      reach.own_.push_back(address.prefix.address);
    }
    for (const Element& element : TRY(table.elements(attach::internal_set()))) {
      reach.internal_.push_back(nft::to_text(element.key));
    }
    return reach;
  }

  bool is_outside(const Published& port) {
    if (is_internal(port.container)) return false;
    // An element of a set is at the container's own address.
    return port.host == port.container || is_open_to_others(port.host, own_);
  }

 private:
  explicit Reach(rtnl::RouteSocket host) : host_(std::move(host)) {}

  // Whether the container is behind a bridge that nothing is forwarded to.
  bool is_internal(const IpAddress& container) {
    if (internal_.empty()) return false;
    const auto route = host_.route_to(container);
    if (!route) return false;
    const auto link = host_.find_link(route->link);
    if (!link || !*link) return false;
    return std::ranges::find(internal_, nft::to_text(Datum((*link)->name))) != internal_.end();
  }

  rtnl::RouteSocket host_;
  std::vector<IpAddress> own_{};
  std::vector<std::string> internal_{};  // as in the key of a set
};

// --- the list -------------------------------------------------------------------------------

Fact count_fact(const std::string& name, const Published& port,
                std::uint64_t nft::Counter::*which) {
  if (!port.counter) return {.name = name, .text = "-", .json = "null"};
  const std::string number = format("{}", *port.counter.*which);
  return {.name = name, .text = number, .json = number};
}

Facts facts_of(const Published& port, const Holder& holder, bool outside) {
  const IpAddress host = port.host.value_or(IpAddress::unspecified(port.family));
  return {fact("port", format("{}/{}", with_port(host, port.host_port), port.protocol)),
          fact("target", with_port(port.container, port.container_port)),
          fact("network", holder.owner.network),
          fact("container", holder.owner.container_id),
          fact("namespace", holder.ns),
          fact("interface", holder.owner.ifname),
          fact("map", port.map),
          {.name = "outside", .text = outside ? "yes" : "no", .json = outside ? "true" : "false"},
          count_fact("packets", port, &nft::Counter::packets),
          count_fact("bytes", port, &nft::Counter::bytes),
          fact("condition", port.condition),
          fact("hostAddress", host.to_text()),
          fact("hostPort", port.host_port),
          fact("protocol", port.protocol),
          fact("containerAddress", port.container.to_text()),
          fact("containerPort", port.container_port)};
}

using Take = std::function<void(const Published& port, const Holder& holder, bool outside)>;

Status for_each_port(const Settings& settings, const Take& take) {
  const Holders known = known_holders(settings);
  Reach reach = TRY(Reach::open());
  for (const Published& port : TRY(read_published())) {
    take(port, holder_of(known, port.tag), reach.is_outside(port));
  }
  return ok();
}

}  // namespace

bool is_open_to_others(const std::optional<IpAddress>& host,
                       const std::vector<IpAddress>& own_addresses) {
  if (!host) return true;
  if (host->is_loopback()) return false;
  return std::ranges::find(own_addresses, *host) != own_addresses.end();
}

Status list_ports(const Settings& settings, const Output& output) {
  static constexpr std::array<Column, 11> kColumns{{{"PORT", "port"},
                                                    {"TARGET", "target"},
                                                    {"NETWORK", "network"},
                                                    {"CONTAINER", "container", 20},
                                                    {"NAMESPACE", "namespace"},
                                                    {"INTERFACE", "interface"},
                                                    {"MAP", "map"},
                                                    {"OUTSIDE", "outside"},
                                                    {"PACKETS", "packets"},
                                                    {"BYTES", "bytes"},
                                                    {"CONDITION", "condition", 0, true}}};
  const auto read = [&]() -> Result<std::vector<Facts>> {
    std::vector<Facts> things;
    const auto add = [&](const Published& port, const Holder& holder, bool outside) {
      things.push_back(facts_of(port, holder, outside));
    };
    TRY(for_each_port(settings, add));
    return things;
  };
  return show_list({.columns = kColumns,
                    .name = "port",
                    .filters = kPortFilters,
                    .read = read,
                    .changes = attachment_changes(settings)},
                   output);
}

Result<std::vector<PublishedAt>> published_ports(const Settings& settings) {
  std::vector<PublishedAt> ports;
  const auto add = [&](const Published& port, const Holder& holder, bool outside) {
    ports.push_back({.host = port.host.value_or(IpAddress::unspecified(port.family)),
                     .host_port = port.host_port,
                     .protocol = port.protocol,
                     .container = port.container,
                     .container_port = port.container_port,
                     .owner = holder.owner,
                     .ns = holder.ns,
                     .outside = outside});
  };
  TRY(for_each_port(settings, add));
  return ports;
}

}  // namespace netctl::command

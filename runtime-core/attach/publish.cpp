#include "runtime-core/attach/publish.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/flows.hpp"
#include "runtime-core/attach/host_ports.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/attach/port_elements.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Verdict;

// So few ports are looked up in a map one by one, more by listing it.
constexpr std::size_t kMaxLookups = 8;

Element hairpin_element(const Owner& owner, const IpPrefix& address, bool masquerade_all) {
  std::string chain = masquerade_all ? std::string(kHairpinAll) : hairpin_chain(address);
  // A jump and not a goto: the rules after it still have to see what it does not masquerade.
  return {.set = hairpin_map(address.address.family()).name,
          .key = {address.address},
          .data = {Verdict{.kind = Verdict::Kind::Jump, .chain = std::move(chain)}},
          .comment = owner.tag()};
}

Element open_element(const Owner& owner, const PublishedPort& port) {
  return {.set = open_set(port.container.family()).name,
          .key = {port.container, port.mapping.protocol, nft::Port{port.mapping.container_port}},
          .comment = owner.tag()};
}

// What is asked before the port's own element. A range has one for each port: few have conditions.
Element condition_element(const Owner& owner, const PublishedPort& port,
                          const std::vector<PortCondition>& conditions) {
  const PortMapping& mapping = port.mapping;
  const Family family = port.container.family();
  const bool any = mapping.is_any_address();
  Element element{
      .set = (any ? condition_any_map(family) : condition_map(family)).name,
      .key = {mapping.protocol, nft::Port{mapping.host_port}},
      .data = {Verdict{.kind = Verdict::Kind::Jump, .chain = condition_chain(conditions)}},
      .comment = owner.tag()};
  if (!any) element.key.insert(element.key.begin(), *mapping.host_ip);
  return element;
}

std::vector<Element> elements_of(const Owner& owner, const Publication& publication) {
  std::vector<Element> elements = port_elements(owner.tag(), publication.ports);
  for (const PublishedPort& port : publication.ports) {
    const auto& conditions =
        port.container.is_v4() ? publication.conditions_v4 : publication.conditions_v6;
    if (!conditions.empty()) elements.push_back(condition_element(owner, port, conditions));
  }
  for (const PublishedPort& port : publication.opened) {
    const Element element = open_element(owner, port);
    // Two ports of the host may have been meant to lead to one.
    if (std::ranges::find(elements, element) == elements.end()) elements.push_back(element);
  }
  for (const IpPrefix& address : publication.hairpin) {
    elements.push_back(hairpin_element(owner, address, publication.masquerade_all));
  }
  return elements;
}

Error port_taken(const Element& element, const std::string& holder) {
  return fail(Errc::Exists,
              "host port {} is published already by {}: choose another, or detach that one first",
              port_text(element), holder.empty() ? "another program" : holder);
}

// The ports of one map, sorted.
std::vector<PortSpan> spans_in(const std::vector<Element>& elements, const nft::Set& map) {
  std::vector<PortSpan> spans;
  for (const Element& element : elements) {
    if (element.set == map.name) spans.push_back(span_of(element));
  }
  std::ranges::sort(spans);
  // The same port on several addresses is one.
  spans.erase(std::unique(spans.begin(), spans.end()), spans.end());
  return spans;
}

std::vector<PortSpan> joined(std::vector<PortSpan> spans, const std::vector<PortSpan>& more) {
  spans.insert(spans.end(), more.begin(), more.end());
  std::ranges::sort(spans);
  return spans;
}

// The element of the map that has one of these ports.
Result<std::optional<Element>> find_holder(TableEditor& editor, const nft::Set& map,
                                           const std::vector<PortSpan>& spans) {
  const bool is_keyed_by_port = map.key.size() == 2;
  const bool are_single =
      std::ranges::all_of(spans, [](const PortSpan& span) { return span.first == span.last; });
  if (is_keyed_by_port && are_single && spans.size() <= kMaxLookups) {
    for (const PortSpan& span : spans) {
      auto found = TRY(editor.find(map, {span.protocol, nft::Port{span.first}}));
      if (found) return found;
    }
    return std::optional<Element>{};
  }
  const auto there = TRY(editor.elements(map));
  const Element* found = find_overlap(there, spans);
  return found == nullptr ? std::optional<Element>{} : std::optional(*found);
}

// Whether a port is asked for on one address and published on any, alone and in a range, or the
// other way round, no key of the kernel's tells; neither does it see that a range covers another.
Result<std::optional<Element>> find_overlapping(TableEditor& editor,
                                                const std::vector<Element>& wanted) {
  for (const Family family : {Family::V4, Family::V6}) {
    const auto named = spans_in(wanted, publish_map(family));
    const auto singles = spans_in(wanted, publish_any_map(family));
    const auto ranges = spans_in(wanted, publish_range_map(family));
    const std::pair<nft::Set, std::vector<PortSpan>> questions[] = {
        {publish_map(family), joined(singles, ranges)},
        {publish_any_map(family), joined(named, ranges)},
        {publish_range_map(family), joined(joined(named, singles), ranges)}};
    for (const auto& [map, spans] : questions) {
      if (spans.empty()) continue;
      auto holder = TRY(find_holder(editor, map, spans));
      if (holder) return holder;
    }
  }
  return std::optional<Element>{};
}

HostPort host_port_of(const PublishedPort& port) {
  const PortMapping& mapping = port.mapping;
  return {.address = mapping.is_any_address() ? IpAddress::unspecified(port.container.family())
                                              : *mapping.host_ip,
          .number = mapping.host_port,
          .protocol = mapping.protocol};
}

Result<HostListeners> listeners_for(const std::vector<PublishedPort>& ports) {
  std::vector<HostPort> wanted;
  for (const PublishedPort& port : ports) wanted.push_back(host_port_of(port));
  return HostListeners::of(wanted);
}

Status refuse_listeners(const HostListeners& listeners, const std::vector<PublishedPort>& ports) {
  for (const PublishedPort& port : ports) {
    const HostPort wanted = host_port_of(port);
    const diag::Listener* listener = listeners.find(wanted);
    if (listener != nullptr) return port_in_use(wanted, *listener);
  }
  return ok();
}

// What gets one number, chosen by us: all mappings of a port of the container.
using Inside = std::pair<std::uint16_t, Protocol>;

Inside inside_of(const PublishedPort& port) {
  return {port.mapping.container_port, port.mapping.protocol};
}

// Gives numbers to mappings that ask for any.
class Numbering {
 public:
  Numbering(TableEditor& editor, const HostListeners& listeners, const Owner& owner)
      : editor_(&editor), listeners_(&listeners), tag_(owner.tag()) {}

  // The same ports, each with a number that was free a moment ago. The next call goes on behind the
  // numbers of this one.
  Result<std::vector<PublishedPort>> number(std::vector<PublishedPort> ports) {
    std::map<Inside, std::vector<PublishedPort*>> open;
    for (PublishedPort& port : ports) {
      if (port.mapping.host_port == 0) open[inside_of(port)].push_back(&port);
    }
    for (const auto& [inside, group] : open) TRY(number_group(inside, group, ports));
    return ports;
  }

 private:
  struct Supply {
    std::vector<std::uint16_t> numbers{};
    std::size_t next = 0;
  };

  Result<Supply*> supply_of(const Inside& inside) {
    const auto [entry, is_new] = supplies_.try_emplace(inside);
    if (is_new) {
      const std::string seed = format("{}:{}/{}", tag_, inside.first, to_text(inside.second));
      entry->second.numbers = TRY(automatic_ports(seed));
    }
    return &entry->second;
  }

  Status number_group(const Inside& inside, const std::vector<PublishedPort*>& group,
                      const std::vector<PublishedPort>& all) {
    Supply& supply = *TRY(supply_of(inside));
    while (supply.next < supply.numbers.size()) {
      const std::uint16_t number = supply.numbers[supply.next++];
      if (is_in(all, number, inside.second)) continue;
      for (PublishedPort* port : group) port->mapping.host_port = number;
      if (TRY(is_free(group))) return ok();
      for (PublishedPort* port : group) port->mapping.host_port = 0;
    }
    return fail(Errc::Exhausted,
                "no host port is free for {}/{}: all of net.ipv4.ip_local_port_range are taken",
                inside.first, to_text(inside.second));
  }

  static bool is_in(const std::vector<PublishedPort>& ports, std::uint16_t number,
                    Protocol protocol) {
    return std::ranges::any_of(ports, [&](const PublishedPort& port) {
      return port.mapping.host_port == number && port.mapping.protocol == protocol;
    });
  }

  Result<bool> is_free(const std::vector<PublishedPort*>& group) {
    std::vector<PublishedPort> ports;
    for (const PublishedPort* port : group) ports.push_back(*port);
    const auto is_heard = [&](const PublishedPort& port) {
      return listeners_->find(host_port_of(port)) != nullptr;
    };
    if (std::ranges::any_of(ports, is_heard)) return false;
    const std::vector<Element> elements = port_elements(tag_, ports);
    for (const Element& element : elements) {
      if (TRY(editor_->find(element))) return false;
    }
    return !TRY(find_overlapping(*editor_, elements));
  }

  TableEditor* editor_;
  const HostListeners* listeners_;
  std::string tag_;
  std::map<Inside, Supply> supplies_{};
};

bool has_open_number(const std::vector<PublishedPort>& ports) {
  return std::ranges::any_of(ports,
                             [](const PublishedPort& port) { return port.mapping.host_port == 0; });
}

// `conflict` is what the ports that are wanted ran into.
Status add_elements(TableEditor& editor, const std::vector<Element>& elements,
                    std::optional<PortSpan>& conflict) {
  const auto taken = [&](const Element& element, const std::string& holder) {
    conflict = span_of(element);
    return port_taken(element, holder);
  };
  return editor.add({.elements = elements,
                     .vet = [&]() -> Status {
                       const auto holder = TRY(find_overlapping(editor, elements));
                       if (holder) return taken(*holder, holder->comment);
                       return ok();
                     },
                     .taken = taken});
}

// Whether one of the numbers that we chose is what was taken meanwhile.
bool is_our_choice(const PortSpan& conflict, const std::vector<PublishedPort>& wanted,
                   const std::vector<PublishedPort>& numbered) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const PortMapping& mapping = numbered[i].mapping;
    const PortSpan span{mapping.protocol, mapping.host_port, mapping.host_port};
    if (wanted[i].mapping.host_port == 0 && span.overlaps(conflict)) return true;
  }
  return false;
}

// Adds the elements, and gives the ports with their numbers.
Result<std::vector<PublishedPort>> insert(const Owner& owner, const Publication& publication) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  const HostListeners listeners = TRY(listeners_for(publication.ports));
  Numbering numbering(editor, listeners, owner);
  while (true) {
    Publication numbered = publication;
    numbered.ports = TRY(numbering.number(publication.ports));
    TRY(refuse_listeners(listeners, numbered.ports));
    std::optional<PortSpan> conflict;
    const Status added = add_elements(editor, elements_of(owner, numbered), conflict);
    if (added) return numbered.ports;
    // Somebody else took the number in between: the supply has others, and an end.
    if (!conflict || !is_our_choice(*conflict, publication.ports, numbered.ports)) {
      return added.error();
    }
  }
}

Result<std::vector<PublishedPort>> removed(TableEditor::Removed elements) {
  std::vector<PublishedPort> ports;
  for (const Element& element : TRY(std::move(elements))) {
    for (const PublishedPort& port : ports_in(element)) ports.push_back(port);
  }
  end_flows(ports);
  return ports;
}

// What the kernel has of the owners whose tag is wanted.
Result<std::vector<PublishedPort>> published_ports_of(
    const std::function<bool(const std::string& tag)>& wanted) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  std::vector<PublishedPort> ports;
  for (const Family family : {Family::V4, Family::V6}) {
    for (const auto& map : {publish_map, publish_any_map, publish_range_map}) {
      for (const Element& element : TRY(editor.elements(map(family)))) {
        if (!wanted(element.comment)) continue;
        for (const PublishedPort& port : ports_in(element)) ports.push_back(port);
      }
    }
  }
  std::ranges::sort(ports, {}, [](const PublishedPort& port) {
    return std::tuple(port.mapping.container_port, port.mapping.protocol, port.mapping.host_ip,
                      port.mapping.host_port);
  });
  return ports;
}

// The ports as they were published: what asked for any number, with the one that it has got.
Result<Publication> with_numbers(const Owner& owner, Publication publication) {
  if (!has_open_number(publication.ports)) return publication;
  const auto there = TRY(
      published_ports_of([tag = owner.tag()](const std::string& other) { return other == tag; }));
  for (PublishedPort& port : publication.ports) {
    if (port.mapping.host_port != 0) continue;
    const auto found = std::ranges::find_if(there, [&](const PublishedPort& one) {
      return one.container == port.container && inside_of(one) == inside_of(port);
    });
    if (found != there.end()) port.mapping.host_port = found->mapping.host_port;
  }
  return publication;
}

}  // namespace

Status publish(const Owner& owner, const Publication& publication, Rollback& undo) {
  const auto ports = TRY(insert(owner, publication));
  undo.add("unpublish the ports", [owner]() -> Status {
    TRY(unpublish(owner));
    return ok();
  });
  move_flows(ports);
  return ok();
}

Result<std::vector<PublishedPort>> unpublish(const Owner& owner) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return removed(editor.remove(Purpose::Publish, owner.tag()));
}

Result<std::vector<PublishedPort>> unpublish_strays(const std::string& network,
                                                    const std::vector<cni::Attachment>& valid) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return removed(editor.remove_strays(Purpose::Publish, network, valid));
}

Result<std::vector<PublishedPort>> published_ports(const Owner& owner) {
  return published_ports_of([tag = owner.tag()](const std::string& other) { return other == tag; });
}

Result<std::vector<PublishedPort>> published_ports(const std::string& container_id) {
  return published_ports_of([&](const std::string& tag) {
    const auto first = tag.find('/');
    const auto last = tag.rfind('/');
    if (first == std::string::npos || first == last) return false;
    // Made anew, because a long one is not in it as it is.
    const Owner owner{.network = tag.substr(0, first),
                      .container_id = container_id,
                      .ifname = tag.substr(last + 1)};
    return owner.tag() == tag;
  });
}

Result<std::vector<std::string>> missing_ports(const Owner& owner, const Publication& publication) {
  const Publication expected = TRY(with_numbers(owner, publication));
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  Publication numbered = expected;
  std::erase_if(numbered.ports,
                [](const PublishedPort& port) { return port.mapping.host_port == 0; });
  auto lines = TRY(editor.missing(elements_of(owner, numbered)));
  for (const PublishedPort& port : expected.ports) {
    if (port.mapping.host_port != 0) continue;
    lines.push_back(format("no host port leads to {} port {}/{}", port.container.to_text(),
                           port.mapping.container_port, to_text(port.mapping.protocol)));
  }
  return lines;
}

}  // namespace netctl::attach

#include "runtime-core/attach/port_elements.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "runtime-core/attach/firewall_table.hpp"

namespace netctl::attach {
namespace {

using nft::Datum;
using nft::Element;

// Part of a range, if the ports beside it are too.
bool keeps_number(const PublishedPort& port) {
  return port.mapping.is_any_address() && port.mapping.host_port == port.mapping.container_port;
}

Element single_element(const std::string& tag, const PublishedPort& port) {
  const Family family = port.container.family();
  const PortMapping& mapping = port.mapping;
  Element element{
      .set = (mapping.is_any_address() ? publish_any_map(family) : publish_map(family)).name,
      .key = {mapping.protocol, nft::Port{mapping.host_port}},
      .data = {port.container, nft::Port{mapping.container_port}},
      .comment = tag};
  if (!mapping.is_any_address()) element.key.insert(element.key.begin(), *mapping.host_ip);
  return element;
}

Element range_element(const std::string& tag, const PublishedPort& first,
                      const PublishedPort& last) {
  return {.set = publish_range_map(first.container.family()).name,
          .key = {first.mapping.protocol,
                  nft::PortRange{.first = first.mapping.host_port, .last = last.mapping.host_port}},
          .data = {first.container},
          .comment = tag};
}

bool follows(const PublishedPort& next, const PublishedPort& port) {
  return next.container == port.container && next.mapping.protocol == port.mapping.protocol &&
         next.mapping.host_port == port.mapping.host_port + 1;
}

bool is_named(const Element& element) { return element.key.size() == 3; }

}  // namespace

std::vector<Element> port_elements(const std::string& tag, std::vector<PublishedPort> ports) {
  std::vector<Element> elements;
  const auto others = std::stable_partition(ports.begin(), ports.end(), keeps_number);
  std::ranges::sort(ports.begin(), others, {}, [](const PublishedPort& port) {
    return std::tuple(port.container, port.mapping.protocol, port.mapping.host_port);
  });
  for (auto first = ports.begin(); first != others;) {
    auto last = first;
    while (std::next(last) != others && follows(*std::next(last), *last)) ++last;
    elements.push_back(first == last ? single_element(tag, *first)
                                     : range_element(tag, *first, *last));
    first = std::next(last);
  }
  for (auto port = others; port != ports.end(); ++port) {
    elements.push_back(single_element(tag, *port));
  }
  return elements;
}

PortSpan span_of(const Element& element) {
  const auto protocol = std::get<Protocol>(element.key[element.key.size() - 2]);
  if (const auto* range = std::get_if<nft::PortRange>(&element.key.back())) {
    return {.protocol = protocol, .first = range->first, .last = range->last};
  }
  const std::uint16_t number = std::get<nft::Port>(element.key.back()).number;
  return {.protocol = protocol, .first = number, .last = number};
}

std::vector<PublishedPort> ports_in(const Element& element) {
  if (!element.set.starts_with("publish")) return {};
  const PortSpan span = span_of(element);
  const auto* to = element.data.size() == 2 ? std::get_if<nft::Port>(&element.data[1]) : nullptr;
  std::vector<PublishedPort> ports;
  for (unsigned number = span.first; number <= span.last; ++number) {
    PublishedPort port{.container = std::get<IpAddress>(element.data[0])};
    port.mapping.host_ip = is_named(element) ? std::get<IpAddress>(element.key[0])
                                             : IpAddress::unspecified(port.container.family());
    port.mapping.host_port = static_cast<std::uint16_t>(number);
    port.mapping.container_port = to != nullptr ? to->number : port.mapping.host_port;
    port.mapping.protocol = span.protocol;
    ports.push_back(port);
  }
  return ports;
}

std::string port_text(const Element& element) {
  std::string text;
  if (is_named(element)) {
    const auto& address = std::get<IpAddress>(element.key[0]);
    text = address.is_v4() ? address.to_text() + ":" : "[" + address.to_text() + "]:";
  }
  return format("{}{}/{}", text, nft::to_text(element.key.back()),
                to_text(span_of(element).protocol));
}

const Element* find_overlap(const std::vector<Element>& there, const std::vector<PortSpan>& spans) {
  for (const Element& element : there) {
    const PortSpan span = span_of(element);
    // The last one that begins before this one ends is the only one that can reach into it.
    const auto after = std::ranges::upper_bound(
        spans, std::pair(span.protocol, span.last), {},
        [](const PortSpan& one) { return std::pair(one.protocol, one.first); });
    if (after != spans.begin() && std::prev(after)->overlaps(span)) return &element;
  }
  return nullptr;
}

}  // namespace netctl::attach

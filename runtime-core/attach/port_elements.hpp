#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime-core/attach/publish.hpp"
#include "runtime-core/nft/types.hpp"

// How published ports lie in the maps of the firewall table, as pure functions of values.
namespace netctl::attach {

// Ports of one protocol, one after the other.
struct PortSpan {
  Protocol protocol = Protocol::Tcp;
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // included

  bool overlaps(const PortSpan& other) const {
    return protocol == other.protocol && first <= other.last && other.first <= last;
  }
  auto operator<=>(const PortSpan&) const = default;
};

// The elements of the three maps; ports of any address that keep their number are joined.
std::vector<nft::Element> port_elements(const std::string& tag, std::vector<PublishedPort> ports);

// The ports of one element; none when it is of another map.
std::vector<PublishedPort> ports_in(const nft::Element& element);

// Of an element of one of the maps.
PortSpan span_of(const nft::Element& element);

// "8080/tcp", "8000-8999/tcp", "203.0.113.5:8443/tcp": how the key reads to people.
std::string port_text(const nft::Element& element);

// The first of `there`, elements of one map, that has a port of one of the spans, which are sorted
// and do not overlap.
const nft::Element* find_overlap(const std::vector<nft::Element>& there,
                                 const std::vector<PortSpan>& spans);

}  // namespace netctl::attach

#include "runtime-core/addr/port.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace netctl {
namespace {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  unsigned size() const { return last - first + 1U; }
};

Result<PortRange> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) {
    const auto port = TRY(parse_port(text));
    return PortRange{.first = port, .last = port};
  }
  const auto first = TRY(parse_port(text.substr(0, dash)));
  const auto last = TRY(parse_port(text.substr(dash + 1)));
  if (last < first) {
    return fail(Errc::InvalidArgument, "port range \"{}\" ends before it begins", text);
  }
  return PortRange{.first = first, .last = last};
}

// Splits "A:B" at the last colon outside brackets; without one, the head is empty.
struct HeadTail {
  std::optional<std::string_view> head;
  std::string_view tail;
};

HeadTail split_last(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) {
    return {.head = std::nullopt, .tail = text};
  }
  return {.head = text.substr(0, colon), .tail = text.substr(colon + 1)};
}

Result<IpAddress> parse_host_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    return parse_ip_address(text.substr(1, text.size() - 2));
  }
  auto address = TRY(parse_ip_address(text));
  if (!address.is_v4()) {
    return fail(Errc::InvalidArgument, "write the IPv6 address in brackets: [{}]", text);
  }
  return address;
}

Result<std::vector<PortMapping>> parse_parts(std::string_view text) {
  Protocol protocol = Protocol::Tcp;
  std::string_view ports = text;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    protocol = TRY(parse_protocol(text.substr(slash + 1)));
    ports = text.substr(0, slash);
  }
  const HeadTail container_part = split_last(ports);
  const PortRange container = TRY(parse_range(container_part.tail));

  PortRange host = container;
  bool any_free = false;
  std::optional<IpAddress> host_ip;
  if (container_part.head) {
    const HeadTail host_part = split_last(*container_part.head);
    any_free = host_part.tail == "0" || (host_part.head && host_part.tail.empty());
    if (!any_free) host = TRY(parse_range(host_part.tail));
    if (host_part.head) host_ip = TRY(parse_host_address(*host_part.head));
  }
  if (!any_free && host.size() != container.size()) {
    return fail(Errc::InvalidArgument, "{} host ports for {} container ports", host.size(),
                container.size());
  }

  std::vector<PortMapping> mappings;
  mappings.reserve(container.size());
  for (unsigned i = 0; i < container.size(); ++i) {
    mappings.push_back(
        PortMapping{.host_ip = host_ip,
                    .host_port = static_cast<std::uint16_t>(any_free ? 0 : host.first + i),
                    .container_port = static_cast<std::uint16_t>(container.first + i),
                    .protocol = protocol});
  }
  return mappings;
}

// Whether a packet could be meant for either.
bool meet(const PortMapping& one, const PortMapping& other) {
  // Numbers that are still to be chosen differ, unless they are one port on several addresses.
  if (one.host_port == 0) {
    return one.container_port == other.container_port && one.host_ip == other.host_ip;
  }
  if (!one.host_ip || !other.host_ip) return true;
  if (one.host_ip->family() != other.host_ip->family()) return false;
  return one.is_any_address() || other.is_any_address() || one.host_ip == other.host_ip;
}

}  // namespace

std::string_view to_text(Protocol protocol) {
  switch (protocol) {
    case Protocol::Tcp:
      return "tcp";
    case Protocol::Udp:
      return "udp";
    case Protocol::Sctp:
      return "sctp";
  }
  return "?";
}

Result<Protocol> parse_protocol(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp}) {
    if (to_text(protocol) == lower) return protocol;
  }
  return fail(Errc::InvalidArgument, "protocol \"{}\" is not one of tcp, udp, sctp", text);
}

std::string PortMapping::to_text() const {
  const std::string host = host_ip ? with_port(*host_ip, host_port) : format("{}", host_port);
  return format("{}:{}/{}", host, container_port, netctl::to_text(protocol));
}

std::string with_port(const IpAddress& address, std::string_view port) {
  return format("{}{}{}:{}", address.is_v4() ? "" : "[", address.to_text(),
                address.is_v4() ? "" : "]", port);
}

std::string with_port(const IpAddress& address, std::uint16_t port) {
  return with_port(address, format("{}", port));
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    return fail(Errc::InvalidArgument, "\"{}\" is not a port number", text);
  }
  if (error != std::errc{} || port < 1 || port > 65535) {
    return fail(Errc::InvalidArgument, "port {} is out of range: give 1 to 65535", text);
  }
  return static_cast<std::uint16_t>(port);
}

Result<std::vector<PortMapping>> parse_publish(std::string_view text) {
  return parse_parts(text).context("published port \"{}\"", text);
}

Status refuse_repeated(const std::vector<PortMapping>& mappings) {
  const auto number = [](const PortMapping& one) { return std::pair(one.protocol, one.host_port); };
  std::vector<PortMapping> sorted = mappings;
  std::ranges::stable_sort(sorted, {}, number);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = i + 1; j < sorted.size() && number(sorted[j]) == number(sorted[i]); ++j) {
      if (!meet(sorted[i], sorted[j])) continue;
      return fail(Errc::InvalidArgument, "port {} is asked for twice, the other time as {}",
                  sorted[i].to_text(), sorted[j].to_text());
    }
  }
  return ok();
}

}  // namespace netctl

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl {

// Transport protocols that have ports; the values are IANA's (IPPROTO_*).
enum class Protocol : std::uint8_t { Tcp = 6, Udp = 17, Sctp = 132 };

std::string_view to_text(Protocol protocol);             // "tcp"
Result<Protocol> parse_protocol(std::string_view text);  // any case

// A port of the host that leads to a port of a container. Ports are in host byte order.
struct PortMapping {
  std::optional<IpAddress> host_ip{};  // none: every address of the host
  std::uint16_t host_port = 0;         // 1..65535; 0: one that is free
  std::uint16_t container_port = 0;    // 1..65535
  Protocol protocol = Protocol::Tcp;

  std::string to_text() const;  // "127.0.0.1:8080:80/tcp", "[::1]:8080:80/udp", "8080:80/tcp"
  bool is_any_address() const { return !host_ip || host_ip->is_unspecified(); }

  auto operator<=>(const PortMapping&) const = default;
};

// "10.0.0.2:80", "[fd00::2]:80"; the port may be a range.
std::string with_port(const IpAddress& address, std::string_view port);
std::string with_port(const IpAddress& address, std::uint16_t port);

// A port number, 1 to 65535, nothing around it.
Result<std::uint16_t> parse_port(std::string_view text);

// What people type after -p: [[host address:]host port[-last]:]container port[-last][/protocol],
// an IPv6 address in brackets. Ranges must be equally long and become one mapping per port.
// A container port alone is published under the same number, one behind host port 0, or behind
// nothing as in "127.0.0.1::80", under a number that is free.
Result<std::vector<PortMapping>> parse_publish(std::string_view text);

// InvalidArgument when two of them want the same port of the same address, one of which may be any.
Status refuse_repeated(const std::vector<PortMapping>& mappings);

}  // namespace netctl

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl {

// An Ethernet address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  std::string to_text() const;  // lower case, "02:42:ac:11:00:02"

  auto operator<=>(const MacAddress&) const = default;
};

// Six pairs of hex digits with ":" or "-" between them; a multicast address is refused, because no
// interface can have one.
Result<MacAddress> parse_mac_address(std::string_view text);

// Locally administered, unicast, from the kernel's random source. An interface that is born with an
// explicit address is left alone by udev's MACAddressPolicy, and a bridge that has one keeps it
// when ports come and go.
MacAddress random_mac_address();

// The one that belongs to an IPv4 address: 0a:58 (locally administered, unicast) and its four
// bytes, as CNI's plugins had it before 0.7. Who has the address next has it, too, so what
// neighbours know of the address stays right.
MacAddress mac_address_of(const IpAddress& ipv4);

}  // namespace netctl

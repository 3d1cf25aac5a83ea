#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

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

}  // namespace netctl

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"

namespace netctl {

enum class Family : std::uint8_t { V4, V6 };

// An IPv4 or IPv6 address without zone. Ordered by family, then numerically.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0

  // Bytes in network order: 4 of them make an IPv4 address, 16 an IPv6 one; nothing else is given.
  static IpAddress from_bytes(std::span<const std::uint8_t> bytes);
  static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
  static IpAddress unspecified(Family family);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::V4; }
  unsigned bits() const { return is_v4() ? 32 : 128; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4U : 16U}; }

  bool is_unspecified() const;
  bool is_loopback() const;   // 127.0.0.0/8, ::1
  bool is_multicast() const;  // 224.0.0.0/4, ff00::/8

  // The address `steps` after this one; past the last one it wraps to zero.
  IpAddress next(std::uint64_t steps = 1) const;
  IpAddress previous() const;

  // Canonical text: dotted quad, or RFC 5952.
  std::string to_text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::V4;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four, the others zero
};

// An address with the length of its network part, host bits kept: "172.17.0.2/16".
struct IpPrefix {
  IpAddress address;
  unsigned length = 0;  // bits, at most address.bits()

  IpAddress network() const;  // host bits cleared
  IpAddress last() const;     // host bits set: the broadcast address of an IPv4 network
  IpPrefix masked() const { return {.address = network(), .length = length}; }
  bool contains(const IpAddress& other) const;
  bool overlaps(const IpPrefix& other) const;
  bool is_default() const { return length == 0; }

  std::string to_text() const;  // "172.17.0.2/16"

  auto operator<=>(const IpPrefix&) const = default;
};

// 0.0.0.0/0 or ::/0.
IpPrefix default_route(Family family);
// The address alone, as a prefix: /32 or /128.
IpPrefix host_prefix(const IpAddress& address);

// Both say what is wrong with the text and name it. Numbers with leading zeros, zones, and
// IPv4-mapped shorthand such as "1.2.3" are refused.
Result<IpAddress> parse_ip_address(std::string_view text);
Result<IpPrefix> parse_ip_prefix(std::string_view text);

}  // namespace netctl

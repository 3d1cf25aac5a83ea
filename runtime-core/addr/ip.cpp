#include "runtime-core/addr/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cassert>
#include <charconv>

namespace netctl {
namespace {

// The address with bit `length` and all after it set to `value`.
IpAddress with_host_bits(const IpAddress& address, unsigned length, bool value) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  const unsigned size = address.bits() / 8;
  for (unsigned i = 0; i < size; ++i) {
    const unsigned kept = std::clamp<int>(static_cast<int>(length) - static_cast<int>(8 * i), 0, 8);
    const auto host = static_cast<std::uint8_t>(0xff >> kept);
    bytes[i] = static_cast<std::uint8_t>(value ? bytes[i] | host : bytes[i] & ~host);
  }
  return IpAddress::from_bytes({bytes.data(), size});
}

// Of IPv4. inet_ntop(3) does it by sprintf(), which takes ten times as long.
std::string dotted(std::span<const std::uint8_t> bytes) {
  std::array<char, INET_ADDRSTRLEN> text;
  char* end = text.data();
  for (const std::uint8_t byte : bytes) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), byte).ptr;
  }
  return {text.data(), end};
}

}  // namespace

IpAddress IpAddress::from_bytes(std::span<const std::uint8_t> bytes) {
  assert(bytes.size() == 4 || bytes.size() == 16);
  IpAddress address;
  address.family_ = bytes.size() == 4 ? Family::V4 : Family::V6;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  const std::array<std::uint8_t, 4> bytes{a, b, c, d};
  return from_bytes(bytes);
}

IpAddress IpAddress::unspecified(Family family) {
  IpAddress address;
  address.family_ = family;
  return address;
}

bool IpAddress::is_unspecified() const { return *this == unspecified(family_); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return *this == unspecified(Family::V6).next();
}

bool IpAddress::is_multicast() const {
  return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

IpAddress IpAddress::next(std::uint64_t steps) const {
  IpAddress sum = *this;
  std::uint64_t carry = steps;
  for (int i = static_cast<int>(bits() / 8) - 1; i >= 0 && carry != 0; --i) {
    const auto index = static_cast<std::size_t>(i);
    // The two highest bits of the carry survive: steps < 2^64 and the byte adds at most 255.
    const std::uint64_t low = (carry & 0xff) + sum.bytes_[index];
    sum.bytes_[index] = static_cast<std::uint8_t>(low);
    carry = (carry >> 8) + (low >> 8);
  }
  return sum;
}

IpAddress IpAddress::previous() const {
  IpAddress less = *this;
  for (int i = static_cast<int>(bits() / 8) - 1; i >= 0; --i) {
    if (less.bytes_[static_cast<std::size_t>(i)]-- != 0) break;
  }
  return less;
}

std::string IpAddress::to_text() const {
  if (is_v4()) return dotted(bytes());
  // inet_ntop writes ::1:0 as "::0.1.0.0": a dotted end that RFC 5952 leaves to known prefixes.
  static constexpr std::array<std::uint8_t, 12> kIpv4Compatible{};
  if ((bytes_[12] | bytes_[13]) != 0 && std::ranges::equal(bytes().first<12>(), kIpv4Compatible)) {
    return format("::{:x}:{:x}", bytes_[12] << 8 | bytes_[13], bytes_[14] << 8 | bytes_[15]);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

IpAddress IpPrefix::network() const { return with_host_bits(address, length, false); }
IpAddress IpPrefix::last() const { return with_host_bits(address, length, true); }

bool IpPrefix::contains(const IpAddress& other) const {
  return other.family() == address.family() && with_host_bits(other, length, false) == network();
}

bool IpPrefix::overlaps(const IpPrefix& other) const {
  return length <= other.length ? contains(other.address) : other.contains(address);
}

std::string IpPrefix::to_text() const { return address.to_text() + "/" + std::to_string(length); }

IpPrefix default_route(Family family) {
  return {.address = IpAddress::unspecified(family), .length = 0};
}

IpPrefix host_prefix(const IpAddress& address) {
  return {.address = address, .length = address.bits()};
}

Result<IpAddress> parse_ip_address(std::string_view text) {
  const std::string copy(text);  // inet_pton wants a terminated string
  std::array<std::uint8_t, 16> bytes{};
  if (copy.find('\0') == std::string::npos) {
    if (::inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) {
      return IpAddress::from_bytes({bytes.data(), 4});
    }
    if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) {
      return IpAddress::from_bytes({bytes.data(), 16});
    }
  }
  return fail(Errc::InvalidArgument, "\"{}\" is not an IP address", text);
}

Result<IpPrefix> parse_ip_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(Errc::InvalidArgument, "\"{}\" is not in CIDR notation: no \"/length\"", text);
  }
  auto address = parse_ip_address(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool number = error == std::errc{} && end == digits.data() + digits.size() &&
                      (digits.size() == 1 || digits.front() != '0');
  if (!address || !number || length > address->bits()) {
    return fail(Errc::InvalidArgument, "\"{}\" is not in CIDR notation", text);
  }
  return IpPrefix{.address = *address, .length = length};
}

}  // namespace netctl

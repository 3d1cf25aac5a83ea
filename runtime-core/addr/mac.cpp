#include "runtime-core/addr/mac.hpp"

#include <sys/random.h>

#include <algorithm>
#include <charconv>

namespace netctl {

std::string MacAddress::to_text() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(3 * bytes.size() - 1, ':');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[3 * i] = kDigits[bytes[i] >> 4];
    text[3 * i + 1] = kDigits[bytes[i] & 15];
  }
  return text;
}

Result<MacAddress> parse_mac_address(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::InvalidArgument, "\"{}\" is not a MAC address: {}", text, why);
  };
  if (text.size() != 17) return refuse("expected six pairs of hex digits");
  MacAddress mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const char* pair = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(pair, pair + 2, mac.bytes[i], 16);
    if (error != std::errc{} || end != pair + 2) return refuse("expected six pairs of hex digits");
    if (i < 5 && (pair[2] != text[2] || (pair[2] != ':' && pair[2] != '-'))) {
      return refuse("expected \":\" between the pairs");
    }
  }
  if (mac.bytes[0] & 1) return refuse("it is a multicast address");
  return mac;
}

MacAddress random_mac_address() {
  MacAddress mac;
  // Six bytes from an initialised pool cannot be cut short or fail (getrandom(2)).
  [[maybe_unused]] const auto got = ::getrandom(mac.bytes.data(), mac.bytes.size(), 0);
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & ~1) | 2);
  return mac;
}

MacAddress mac_address_of(const IpAddress& ipv4) {
  MacAddress mac{.bytes = {0x0a, 0x58}};
  std::ranges::copy(ipv4.bytes().first(4), mac.bytes.begin() + 2);
  return mac;
}

}  // namespace netctl

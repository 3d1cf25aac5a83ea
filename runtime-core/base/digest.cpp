// By libmd and not by OpenSSL, which asks the processor what it can before main(): behind a
// hypervisor that is a twentieth of a millisecond in each plugin.
#include "runtime-core/base/digest.hpp"

#include <array>
#include <cstdint>

#include <sha2.h>

namespace netctl {
namespace {

template <std::size_t kSize>
std::string hex(char* (*digest)(const std::uint8_t*, std::size_t, char*), std::string_view text) {
  std::array<char, kSize> digits{};  // with a terminating zero
  return digest(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digits.data());
}

}  // namespace

std::string sha512_hex(std::string_view text) {
  return hex<SHA512_DIGEST_STRING_LENGTH>(::SHA512Data, text);
}

std::string sha256_hex(std::string_view text) {
  return hex<SHA256_DIGEST_STRING_LENGTH>(::SHA256Data, text);
}

}  // namespace netctl

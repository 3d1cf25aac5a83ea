// The low-level functions: the modern interface would load all of OpenSSL 3 for one digest.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "runtime-core/base/digest.hpp"

#include <array>

#include <openssl/sha.h>

namespace netctl {

std::string sha512_hex(std::string_view text) {
  std::array<unsigned char, SHA512_DIGEST_LENGTH> digest{};
  SHA512_CTX state;
  SHA512_Init(&state);
  SHA512_Update(&state, text.data(), text.size());
  SHA512_Final(digest.data(), &state);

  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace netctl

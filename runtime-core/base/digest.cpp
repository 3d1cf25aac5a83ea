// The low-level functions: the modern interface would load all of OpenSSL 3 for one digest.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "runtime-core/base/digest.hpp"

#include <array>
#include <span>

#include <openssl/sha.h>

namespace netctl {
namespace {

std::string to_hex(std::span<const unsigned char> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

std::string sha512_hex(std::string_view text) {
  std::array<unsigned char, SHA512_DIGEST_LENGTH> digest{};
  SHA512_CTX state;
  SHA512_Init(&state);
  SHA512_Update(&state, text.data(), text.size());
  SHA512_Final(digest.data(), &state);
  return to_hex(digest);
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, text.data(), text.size());
  SHA256_Final(digest.data(), &state);
  return to_hex(digest);
}

}  // namespace netctl

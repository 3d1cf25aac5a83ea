#include "runtime-core/cni/base64.hpp"

#include <cstdint>

namespace netctl::cni {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t byte_at(std::string_view bytes, std::size_t position) {
  return position < bytes.size() ? static_cast<unsigned char>(bytes[position]) : 0U;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group =
        byte_at(bytes, i) << 16U | byte_at(bytes, i + 1) << 8U | byte_at(bytes, i + 2);
    text += kAlphabet[group >> 18U];
    text += kAlphabet[group >> 12U & 63U];
    text += i + 1 < bytes.size() ? kAlphabet[group >> 6U & 63U] : '=';
    text += i + 2 < bytes.size() ? kAlphabet[group & 63U] : '=';
  }
  return text;
}

Result<std::string> parse_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  std::size_t letters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    ++letters;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto value = kAlphabet.find(c);
    if (value == kAlphabet.npos || padding > 0) {
      return fail(Errc::InvalidArgument, "not base64: unexpected letter {} of the text", letters);
    }
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    // Four letters are three bytes; the first of them completes none.
    if (letters % 4 == 1) continue;
    const unsigned unused = static_cast<unsigned>(6 - 2 * ((letters - 1) % 4));
    bytes += static_cast<char>(bits >> unused & 0xffU);
  }
  if (letters % 4 != 0 || padding > 2) {
    return fail(Errc::InvalidArgument, "not base64: {} letters, {} of them padding", letters,
                padding);
  }
  return bytes;
}

}  // namespace netctl::cni

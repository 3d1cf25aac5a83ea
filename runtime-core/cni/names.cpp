#include "runtime-core/cni/names.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "runtime-core/addr/if_name.hpp"
#include "runtime-core/cni/error.hpp"

namespace netctl::cni {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// White space beyond ASCII, in UTF-8 (property White_Space of Unicode).
constexpr std::array<std::string_view, 19> kUnicodeSpaces = {
    "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",  "\u2003", "\u2004",
    "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",  "\u200a", "\u2028",
    "\u2029", "\u202f", "\u205f", "\u3000", "\xc2\x85"};

bool has_separator_or_space(std::string_view text) {
  if (text.find_first_of("/: \t\n\v\f\r") != text.npos) return true;
  return std::ranges::any_of(kUnicodeSpaces,
                             [&](std::string_view space) { return text.find(space) != text.npos; });
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && is_letter_or_digit(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
  });
}

Status check_container_id(std::string_view text) {
  if (is_name(text)) return {};
  return failure(kBadEnvironment, "invalid characters in containerID", std::string(text));
}

Status check_network_name(std::string_view text) {
  if (text.empty()) return failure(kInvalidConfig, "missing network name");
  if (is_name(text)) return {};
  return failure(kInvalidConfig, "invalid characters found in network name", std::string(text));
}

Status check_ifname(std::string_view text) {
  if (text.size() > kMaxIfNameLength) {
    return failure(kBadEnvironment, "interface name is too long",
                   "interface name should be less than 16 characters");
  }
  if (text == "." || text == "..") {
    return failure(kBadEnvironment, "interface name is . or ..");
  }
  if (has_separator_or_space(text)) {
    return failure(kBadEnvironment, "interface name contains / or : or whitespace characters");
  }
  if (const Status refused = check_if_name(text); !refused) {
    return failure(kBadEnvironment, refused.error().message);
  }
  return {};
}

}  // namespace netctl::cni

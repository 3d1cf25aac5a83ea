#pragma once

#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"

// Bytes as text inside JSON (RFC 4648, section 4: "+" and "/", padded), as Go writes a []byte.
namespace netctl::cni {

std::string to_base64(std::string_view bytes);
// Line breaks are skipped. Everything else that is not exactly what to_base64 writes is refused,
// but for the unused bits of the last letter.
Result<std::string> parse_base64(std::string_view text);

}  // namespace netctl::cni

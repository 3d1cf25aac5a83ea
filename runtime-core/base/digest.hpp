#pragma once

#include <string>
#include <string_view>

namespace netctl {

// SHA-512 of the text as 128 lower case hex digits. The field builds names with it: the container
// id that cnitool derives from a path, and the rule names of the reference plugins.
std::string sha512_hex(std::string_view text);

// SHA-256, 64 digits: what Podman makes a network's id of.
std::string sha256_hex(std::string_view text);

}  // namespace netctl

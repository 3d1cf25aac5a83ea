#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"

// Kernel parameters under /proc/sys. Those under net/ are the calling thread's network namespace's.
namespace netctl::sys {

// `path` is relative to /proc/sys, with slashes: "net/ipv4/ip_forward". The value comes without its
// newline; nothing when the kernel has no such parameter (IPv6 switched off, interface gone).
Result<std::optional<std::string>> find_sysctl(std::string_view path);

// Has the value afterwards. Gives the old value when it was another one, so that it can be put
// back.
Result<std::optional<std::string>> set_sysctl(std::string_view path, std::string_view value);

}  // namespace netctl::sys

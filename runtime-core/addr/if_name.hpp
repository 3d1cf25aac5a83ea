#pragma once

#include <string_view>

#include "runtime-core/base/result.hpp"

namespace netctl {

inline constexpr std::size_t kMaxIfNameLength = 15;  // IFNAMSIZ - 1

// What the kernel accepts as the name of an interface (dev_valid_name, net/core/dev.c): 1 to 15
// bytes, not "." or "..", without "/", ":" and white space. Neither "all" nor "default", which are
// taken in /proc/sys/net/ipv4/conf, and no "%": the kernel makes "eth%d" a name of its own choice.
// The error says which rule is broken.
Status check_if_name(std::string_view name);

}  // namespace netctl

#pragma once

#include <vector>

#include "netctl/findings.hpp"

namespace netctl::command {

// What this machine's kernel can do of what networks and containers ask for: tried out, in
// namespaces and mounts that are made for it and go with the call. For `netctl version`, which
// tells it, and `netctl doctor`, which judges it. A user who may not try gets the reason as a
// refusal.
std::vector<Trial> try_kernel();

}  // namespace netctl::command

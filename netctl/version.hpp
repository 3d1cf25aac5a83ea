#pragma once

#include "netctl/output.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// Prints this program's version, those of CNI that its plugins speak, the kernel's release, and
// what this kernel can do (try_kernel()). In JSON the last is "features", an object of booleans.
Status print_version(const Output& output);

}  // namespace netctl::command

#pragma once

#include "runtime-core/cni/built_in.hpp"

namespace netctl::ipam {

// The IPAM plugins of this tree, to be linked into those that call them.
cni::BuiltIns built_ins();

}  // namespace netctl::ipam

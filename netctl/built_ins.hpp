#pragma once

#include "runtime-core/cni/built_in.hpp"

namespace netctl::command {

// Every plugin of this tree: netctl calls them without a process each where the executable that it
// finds is the same one.
cni::BuiltIns built_ins();

}  // namespace netctl::command

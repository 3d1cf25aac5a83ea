#pragma once

#include "runtime-core/cni/built_in.hpp"

namespace netctl::plugins {

// All plugins that there are, each under its name. The executable of the plugins is made of them;
// `netctl` calls them without a process.
cni::BuiltIns built_ins();

}  // namespace netctl::plugins

#pragma once

#include <string>

#include "runtime-core/base/result.hpp"

namespace netctl::sys {

// Where the program that is running was started from.
std::string own_program_path();

// Starts this program over, with the same arguments, from a read-only mount of its file that nobody
// else sees; returns when it is there already. A container that runs us through /proc/self/exe, or
// opens that, then cannot write to the file on the host (CVE-2019-5736). Must come before anything
// is begun: descriptors with O_CLOEXEC and all memory are lost.
Status seal_own_program();

}  // namespace netctl::sys

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/container/spec.hpp"

namespace netctl::container {

// The system calls that a container with these capabilities may make: those that act on what is its
// own. Everything else, known or not, is refused with EPERM or ENOSYS, as Docker's profile does it.
Seccomp default_profile(const std::vector<std::string>& capabilities);

// A profile as the OCI's config has it, alone in a file.
Result<Seccomp> parse_profile(std::string_view json);

}  // namespace netctl::container

#pragma once

#include <string>

#include "runtime-core/container/seccomp.hpp"

namespace netctl::container {

// compile_filter(), which takes milliseconds, once for each profile: the program is kept in
// `directory` (made where it is not there, root's own), in a file that is named by the profile and
// libseccomp's version and carries a digest of what is in it. One that is damaged is compiled anew.
// A directory that cannot be written is no error, and costs the time only. "" keeps nothing.
Result<FilterProgram> find_or_compile_filter(const Seccomp& profile, const std::string& directory);

}  // namespace netctl::container

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/container/spec.hpp"

// System call filters (seccomp(2)), compiled by libseccomp.
namespace netctl::container {

// A BPF program, as the kernel takes it: struct sock_filter, 8 bytes each.
using FilterProgram = std::vector<std::uint64_t>;

// Compiled by whoever starts the container: the process inside only hands it to the kernel. System
// calls without a name here are skipped. Those that are newer than libseccomp get ENOSYS where the
// rest gets an error: C libraries then try the older call, as they would on an older kernel.
Result<FilterProgram> compile_filter(const Seccomp& profile);

// What compiles them: "libseccomp 2.5.4". Another version may make another program of a profile.
std::string filter_compiler();

// For this process, from now on. Without no_new_privs it takes CAP_SYS_ADMIN.
Status load_filter(const FilterProgram& program);

}  // namespace netctl::container

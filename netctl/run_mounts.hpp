#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netctl/run_options.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/rootfs/root.hpp"

namespace netctl::command {

// All mounts of a container, in their order: the layers, where its root is of such, what every
// container has, and what --tmpfs, -v and --mount ask for, which replaces what it would have had in
// the same place.
Result<std::vector<rootfs::Mount>> mounts_of(const RunOptions& options, const SpecPlace& place);

// As the shell's user means it, from "/" on and without links; what is missing stays as written.
Result<std::string> absolute_path(const std::string& path);

// "a:b" as {"a", "b"}; one part where there is no separator.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace netctl::command

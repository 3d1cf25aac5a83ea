#pragma once

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

namespace netctl::sys {

// The network namespace of this thread, to lock, to compare or to come back to.
Result<UniqueFd> open_own_netns();

}  // namespace netctl::sys

#pragma once

#include <optional>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

namespace netctl::sys {

// The network namespace of this thread, to lock, to compare or to come back to. A socket that the
// thread has opened in it can be told: then none is made only to ask it, for 0.01 ms.
Result<UniqueFd> open_own_netns(std::optional<int> socket = {});

}  // namespace netctl::sys

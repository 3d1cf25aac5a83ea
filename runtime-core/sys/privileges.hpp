#pragma once

#include <span>

#include "runtime-core/base/result.hpp"

namespace netctl::sys {

// This process may do nothing any more that takes another capability (CAP_…, capabilities(7)) than
// these; of these it has those that it had. A program that it starts as root begins again with all
// that the bounding set leaves root.
Status keep_capabilities(std::span<const int> capabilities);

}  // namespace netctl::sys

#pragma once

#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/container/spec.hpp"

namespace netctl::container {

Status check_limit(const ResourceLimit& limit);  // that there is a limit of that name
// setrlimit(2) for this process.
Status set_limits(const std::vector<ResourceLimit>& limits);

}  // namespace netctl::container

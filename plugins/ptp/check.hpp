#pragma once

#include <vector>

#include "plugins/ptp/config.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/rtnl/types.hpp"

namespace netctl::ptp {

// Where the host sends what is for the container: through its end of the pair.
std::vector<rtnl::Route> host_routes(int link, const std::vector<cni::Ip>& ips);

// Holds what an ADD made, at both ends, against request.prev_result and the kernel's state, and
// asks the IPAM plugin to do the same. All differences are in the error's details, a line each.
Status check_attachment(const cni::Request& request, const Config& config);

}  // namespace netctl::ptp

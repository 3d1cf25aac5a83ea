#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::attach {

// The host forwards the families of those addresses that have a gateway. There is no undo, since it
// cannot be told from what others wish of the host: do it last, when nothing can fail any more.
Status enable_forwarding(rtnl::RouteSocket& host, const std::vector<cni::Ip>& ips);

// The families among them, by name, that the host does not forward.
Result<std::vector<std::string>> missing_forwarding(const std::vector<cni::Ip>& ips);

}  // namespace netctl::attach

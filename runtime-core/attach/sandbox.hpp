#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::attach {

// A namespace as a result, for attachments that make nothing of their own: all its interfaces in
// the kernel's order, but those named in `first` before the others, and all its addresses. Readers
// take the first address for the container's, so they come in this order: of the interfaces in
// `first`, of those with a default route, of the others; link-local and loopback ones last. An
// address through whose interface the default route of its family leads has its gateway. `sandbox`
// is the namespace's path, empty for the host's.
Result<cni::AddResult> describe_sandbox(rtnl::RouteSocket& socket, const std::string& sandbox,
                                        const std::vector<std::string>& first = {});

// What a result of describe_sandbox() says of that namespace and is not so any more, a line each.
// What has come since is nobody's loss, and what `expected` has besides is other plugins'.
Result<std::vector<std::string>> missing_from_sandbox(rtnl::RouteSocket& socket,
                                                      const std::string& sandbox,
                                                      const cni::AddResult& expected);

}  // namespace netctl::attach

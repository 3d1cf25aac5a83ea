#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/container/spec.hpp"

// Capabilities (capabilities(7)) by name.
namespace netctl::container {

// Number of "CAP_NET_ADMIN"; "net_admin" in either case is the same.
Result<int> parse_capability(std::string_view text);
std::string capability_name(int number);  // "CAP_NET_ADMIN"
// All that this program has names of.
std::vector<std::string> all_capabilities();
// What a container has unless told otherwise: the set that Docker gives.
std::vector<std::string> default_capabilities();

Status check_capabilities(const Capabilities& capabilities);

// In two steps, around the change of the user: the bounding set is lowered, and what is permitted
// kept; then the thread gets exactly these sets. Unknown to the kernel is left out.
Status lower_bounding_set(const Capabilities& capabilities);
Status set_capabilities(const Capabilities& capabilities);

}  // namespace netctl::container

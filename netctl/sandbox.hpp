#pragma once

#include <array>
#include <string>
#include <string_view>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

// `netctl sandbox`: what is in a network namespace, read from its kernel. Docker calls the
// namespace of a container its sandbox, and each attachment in it an endpoint.
namespace netctl::command {

// Pinned namespaces, and those that attachments are in.
inline constexpr std::array<std::string_view, 5> kSandboxFilters{
    {"namespace", "path", "interface", "address", "network"}};
Status list_sandboxes(const Settings& settings, const Output& output);

// Everything in one: endpoints, interfaces and whose they are, addresses, routes of all tables,
// neighbours, the kernel parameters that decide where packets go, and name servers. `ns` as people
// name it (ns::path_of).
Status inspect_sandbox(const Settings& settings, const std::string& ns, const Output& output);

}  // namespace netctl::command

#pragma once

#include <array>
#include <string>
#include <string_view>

#include "netctl/attach.hpp"
#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// What of the host leads to a container, in all its networks, as the kernel has it: a line
// "80/tcp -> 0.0.0.0:8080" each. Of one port of the container, "80" or "53/udp", the lines have the
// host's side alone; then none is NotFound. The target's network and interface are not looked at.
inline constexpr std::array<std::string_view, 6> kPublishedFilters{
    {"port", "host", "protocol", "hostAddress", "hostPort", "containerAddress"}};
Status list_published(const Settings& settings, const Target& target, const std::string& port,
                      const Output& output);

}  // namespace netctl::command

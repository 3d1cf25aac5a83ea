#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// A table of what is published in this network namespace, as its kernel has it: where, to whom, by
// which map of the firewall table, and how many packets and bytes its connections had since, both
// ways together. `filters` (filters.hpp) have the keys network, container, namespace, interface,
// protocol, map and outside; the fact of that name has to be the value.
Status list_ports(const Settings& settings, const std::vector<std::string>& filters,
                  const Output& output);

// Whether a port that is published on `host` (nothing: on every address) can be reached by others
// than the host itself: not on a loopback address, nor on one that is not among the host's.
bool is_open_to_others(const std::optional<IpAddress>& host,
                       const std::vector<IpAddress>& own_addresses);

}  // namespace netctl::command

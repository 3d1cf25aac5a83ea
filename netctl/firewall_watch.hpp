#pragma once

#include <string_view>

#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/removals.hpp"

namespace netctl::command {

// Puts back what others take out of the host's firewall tables, as reload() does, within a second;
// what is missing at the start, too. Prints a line each time. Returns at SIGTERM or SIGINT.
Status watch_firewall(const Settings& settings);

// Whether that may have taken something away from a container: in a table of ours, or in the one
// where iptables filters, and not by one of our own programs, which know what they do.
bool is_loss(const nft::Removal& removal);

}  // namespace netctl::command

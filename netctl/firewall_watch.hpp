#pragma once

#include <string_view>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/removals.hpp"

namespace netctl::command {

// Puts back what others take out of the host's firewall tables, as reload() does, within a second;
// what is missing at the start, too. Prints a line each time. Returns at SIGTERM or SIGINT.
Status watch_firewall();

// Whether that took something away from a container: something of a table of ours, and not by one
// of our own programs, which know what they do.
bool is_loss(const nft::Removal& removal);

}  // namespace netctl::command

#pragma once

#include <optional>
#include <span>

#include "ipam/host-local/range.hpp"

namespace netctl::host_local {

// The address to give next: the first one that is neither taken nor a gateway of the set, going
// round from the one after `last`, or from the set's start where `last` is not in the set. Nothing
// when there is none. `taken` must be sorted.
//
// Going round instead of giving the lowest keeps an address out of use for as long as possible
// after its container is gone: what others remember of it (ARP, DNS, connections) has time to
// vanish.
std::optional<IpAddress> next_free(const RangeSet& set, const std::optional<IpAddress>& last,
                                   std::span<const IpAddress> taken);

}  // namespace netctl::host_local

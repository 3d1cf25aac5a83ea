#pragma once

#include <functional>
#include <optional>

#include "ipam/host-local/range.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::host_local {

// The first address of from..to, both included, that is not taken; nothing when all of them are.
using FirstFree =
    std::function<Result<std::optional<IpAddress>>(const IpAddress& from, const IpAddress& to)>;

// The address to give next: the first one that is not taken, not excluded and no gateway of the
// set, going round from the one after `last`, or from the set's start where `last` is not in the
// set. Nothing when there is none.
//
// Going round instead of giving the lowest keeps an address out of use for as long as possible
// after its container is gone: what others remember of it (ARP, DNS, connections) has time to
// vanish.
Result<std::optional<IpAddress>> next_free(const RangeSet& set,
                                           const std::optional<IpAddress>& last,
                                           const FirstFree& first_free);

}  // namespace netctl::host_local

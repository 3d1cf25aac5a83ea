#include "ipam/host-local/allocator.hpp"

#include <algorithm>

namespace netctl::host_local {
namespace {

using Found = std::optional<IpAddress>;

// When the address is never given, the last one after it of which that is known, too.
Found end_of_reserved(const RangeSet& set, const Range& range, const IpAddress& address) {
  if (const Interval* excluded = range.find_exclusion(address)) return excluded->end;
  const bool is_gateway =
      std::ranges::any_of(set, [&](const Range& each) { return each.gateway == address; });
  return is_gateway ? Found(address) : std::nullopt;
}

// The first address of from..to, both included and in the range, that can be given.
Result<Found> first_usable(const RangeSet& set, const Range& range, IpAddress from,
                           const IpAddress& to, const FirstFree& first_free) {
  for (;;) {
    const Found found = TRY(first_free(from, to));
    if (!found) return found;
    const Found reserved = end_of_reserved(set, range, *found);
    if (!reserved) return found;
    // Compared before the step: `to` may be the last address there is.
    if (*reserved >= to) return Found();
    from = reserved->next();
  }
}

}  // namespace

Result<Found> next_free(const RangeSet& set, const Found& last, const FirstFree& first_free) {
  const Range* first = last ? find_range(set, *last) : nullptr;
  const auto begin = first ? static_cast<std::size_t>(first - set.data()) : 0;
  if (first && *last != first->end) {
    const Found found = TRY(first_usable(set, *first, last->next(), first->end, first_free));
    if (found) return found;
  }
  for (std::size_t step = first ? 1 : 0; step < set.size(); ++step) {
    const Range& range = set[(begin + step) % set.size()];
    const Found found = TRY(first_usable(set, range, range.start, range.end, first_free));
    if (found) return found;
  }
  // Round: what lies before `last`, and `last` itself.
  if (!first) return Found();
  return first_usable(set, *first, first->start, *last, first_free);
}

}  // namespace netctl::host_local

#include "ipam/host-local/allocator.hpp"

#include <algorithm>
#include <cassert>

namespace netctl::host_local {
namespace {

bool is_gateway(const RangeSet& set, const IpAddress& address) {
  return std::ranges::any_of(set, [&](const Range& range) { return range.gateway == address; });
}

// The first address of from..to, both included, that can be given. The taken ones are walked along
// with the candidates, so each costs one step and no lookup.
std::optional<IpAddress> first_free(const RangeSet& set, const IpAddress& from, const IpAddress& to,
                                    std::span<const IpAddress> taken) {
  auto next_taken = std::ranges::lower_bound(taken, from);
  for (IpAddress candidate = from;; candidate = candidate.next()) {
    const bool is_taken = next_taken != taken.end() && *next_taken == candidate;
    if (is_taken) ++next_taken;
    if (!is_taken && !is_gateway(set, candidate)) return candidate;
    // Compared here and not in the loop's head: `to` may be the last address there is.
    if (candidate == to) return std::nullopt;
  }
}

}  // namespace

std::optional<IpAddress> next_free(const RangeSet& set, const std::optional<IpAddress>& last,
                                   std::span<const IpAddress> taken) {
  assert(std::ranges::is_sorted(taken));
  const Range* first = last ? find_range(set, *last) : nullptr;
  const auto begin = first ? static_cast<std::size_t>(first - set.data()) : 0;
  if (first && *last != first->end) {
    if (auto found = first_free(set, last->next(), first->end, taken)) return found;
  }
  for (std::size_t step = first ? 1 : 0; step < set.size(); ++step) {
    const Range& range = set[(begin + step) % set.size()];
    if (auto found = first_free(set, range.start, range.end, taken)) return found;
  }
  // Round: what lies before `last`, and `last` itself.
  return first ? first_free(set, first->start, *last, taken) : std::nullopt;
}

}  // namespace netctl::host_local

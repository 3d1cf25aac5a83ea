#include "ipam/host-local/inventory.hpp"

#include <algorithm>
#include <limits>

#include "ipam/host-local/config.hpp"
#include "runtime-core/base/error_list.hpp"

namespace netctl::host_local {
namespace {

void count(const Store::Entry& entry, FateTeller& fates, RangeUse& use) {
  ++use.taken;
  const auto& tag = entry.reservation.tag;
  const Fate fate = tag ? fates.fate_of(*tag) : Fate::Unknown;
  if (fate == Fate::Gone) use.gone.push_back(entry);
  if (fate == Fate::Gone || fate == Fate::Missing) ++use.missing;
}

constexpr auto kMany = std::numeric_limits<std::uint64_t>::max();

// Addresses from the first to the last, both included; kMany also where there are more.
std::uint64_t count_of(const IpAddress& first, const IpAddress& last) {
  if (last < first) return 0;
  const auto halves = [](const IpAddress& address) {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    const auto bytes = address.bytes();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const bool in_low = bytes.size() - i <= 8;
      (in_low ? low : high) = ((in_low ? low : high) << 8) | bytes[i];
    }
    return std::pair(high, low);
  };
  const auto [first_high, first_low] = halves(first);
  const auto [last_high, last_low] = halves(last);
  const std::uint64_t difference = last_low - first_low;
  const std::uint64_t high = last_high - first_high - (last_low < first_low ? 1 : 0);
  return high != 0 || difference == kMany ? kMany : difference + 1;
}

std::string state_of(const Reservation& reservation, FateTeller& fates) {
  switch (reservation.state) {
    case Reservation::State::Past:
      return "of a boot before";
    case Reservation::State::Unreadable:
      return "unreadable";
    case Reservation::State::Nobody:
      return "nobody's";
    case Reservation::State::Held:
      break;
  }
  const Fate fate = reservation.tag ? fates.fate_of(*reservation.tag) : Fate::Unknown;
  return fate == Fate::Gone || fate == Fate::Missing ? "container gone" : "held";
}

Holding holding_of(const Store& store, const Store::Entry& entry, FateTeller& fates) {
  return {.address = entry.address,
          .owner = entry.reservation.owner,
          .since = store.reserved_at(entry.address),
          .state = state_of(entry.reservation, fates)};
}

Result<std::optional<Store>> find_store(const cni::Request& request) {
  return Store::find({.directory = store_directory(request),
                      .index_directory = index_directory(request),
                      .boot_id = read_boot_id(kBootIdFile)});
}

}  // namespace

std::uint64_t capacity_of(const Range& range) {
  std::uint64_t count = count_of(range.start, range.end);
  if (count == kMany) return count;
  bool gateway_counts = range.contains(range.gateway);
  // Exclusions may overlap each other and the gateway; each address is taken off once.
  std::vector<Interval> excluded = range.exclude;
  std::ranges::sort(excluded, {}, &Interval::start);
  IpAddress from = range.start;
  for (const Interval& each : excluded) {
    if (each.contains(range.gateway)) gateway_counts = false;
    const IpAddress first = std::max(from, each.start);
    const IpAddress last = std::min(each.end, range.end);
    if (last < first) continue;
    count -= count_of(first, last);
    from = last.next();
  }
  return count - (gateway_counts ? 1 : 0);
}

std::vector<RangeUse> uses_of(const RangeSet& set, std::span<const Store::Entry> entries,
                              FateTeller& fates) {
  std::vector<RangeUse> uses;
  for (const Range& range : set) {
    RangeUse& use = uses.emplace_back();
    use.range = range;
    for (const Store::Entry& entry : entries) {
      const bool counts = range.contains(entry.address) && entry.reservation.is_taken();
      if (counts) count(entry, fates, use);
    }
  }
  return uses;
}

std::string to_text(std::span<const RangeUse> uses, std::string_view network) {
  std::string text;
  for (const RangeUse& use : uses) {
    if (!text.empty()) text += ", ";
    text += format("{}: {} taken", use.range.subnet.to_text(), use.taken);
    if (use.missing != 0) {
      text +=
          format(" ({} by containers that no longer exist: netctl gc {})", use.missing, network);
    }
  }
  return text;
}

Result<Inventory> take_inventory(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  std::vector<Store::Entry> entries;
  Inventory inventory;
  FateTeller fates;
  auto store = TRY(find_store(request));
  if (store) entries = TRY(store->scan());
  for (const RangeSet& set : config.sets) {
    for (RangeUse& use : uses_of(set, entries, fates)) inventory.uses.push_back(std::move(use));
  }
  for (const Store::Entry& entry : entries) {
    inventory.holdings.push_back(holding_of(*store, entry, fates));
  }
  return inventory;
}

Result<std::vector<Holding>> release_holdings(const cni::Request& request,
                                              const std::function<bool(const Holding&)>& wanted) {
  std::vector<Holding> released;
  auto store = TRY(find_store(request));
  if (!store) return released;
  FateTeller fates;
  ErrorList errors;
  for (const Store::Entry& entry : TRY(store->scan())) {
    Holding holding = holding_of(*store, entry, fates);
    if (!wanted(holding)) continue;
    if (errors.keep(store->release(entry.address))) released.push_back(std::move(holding));
  }
  TRY(errors.status());
  return released;
}

}  // namespace netctl::host_local

#include "ipam/host-local/inventory.hpp"

#include <algorithm>

namespace netctl::host_local {
namespace {

void count(const Store::Entry& entry, FateTeller& fates, RangeUse& use) {
  ++use.taken;
  const auto& tag = entry.reservation.tag;
  const Fate fate = tag ? fates.fate_of(*tag) : Fate::Unknown;
  if (fate == Fate::Gone) use.gone.push_back(entry);
  if (fate == Fate::Gone || fate == Fate::Missing) ++use.missing;
}

}  // namespace

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

}  // namespace netctl::host_local

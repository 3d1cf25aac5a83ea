#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ipam/host-local/fate.hpp"
#include "ipam/host-local/range.hpp"
#include "ipam/host-local/store.hpp"

namespace netctl::host_local {

// What a store holds of one range.
struct RangeUse {
  Range range{};
  std::size_t taken = 0;
  // Of the taken ones, those whose container no longer exists as far as can be seen from here
  // (Fate::Missing or Gone), and which of them are certain (Gone).
  std::size_t missing = 0;
  std::vector<Store::Entry> gone{};
};

// For each range of the set; `entries` are all of the store (Store::scan).
std::vector<RangeUse> uses_of(const RangeSet& set, std::span<const Store::Entry> entries,
                              FateTeller& fates);

// "172.17.0.0/16: 65533 taken (12 by containers that no longer exist: netctl gc web), …"
std::string to_text(std::span<const RangeUse> uses, std::string_view network);

}  // namespace netctl::host_local

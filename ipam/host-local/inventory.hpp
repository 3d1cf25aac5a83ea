#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ipam/host-local/fate.hpp"
#include "ipam/host-local/range.hpp"
#include "ipam/host-local/store.hpp"
#include "runtime-core/cni/request.hpp"

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

// How many addresses of the range can be given: without its gateway and what is excluded. 2^64 - 1
// also where there are more.
std::uint64_t capacity_of(const Range& range);

// For each range of the set; `entries` are all of the store (Store::scan).
std::vector<RangeUse> uses_of(const RangeSet& set, std::span<const Store::Entry> entries,
                              FateTeller& fates);

// "172.17.0.0/16: 65533 taken (12 by containers that no longer exist: netctl gc web), …"
std::string to_text(std::span<const RangeUse> uses, std::string_view network);

// One address that somebody has, for a person to look at.
struct Holding {
  IpAddress address{};
  cni::Attachment owner{};
  std::int64_t since = 0;  // Unix time of the reservation
  // "held"; "container gone", "of a boot before" (both are free when needed), "unreadable".
  std::string state{};
};

// A network's store, read whole.
struct Inventory {
  std::vector<RangeUse> uses{};     // of all range sets of the config, in their order
  std::vector<Holding> holdings{};  // by address
};

// What the request's network holds; its ranges are those of the request's config.
Result<Inventory> take_inventory(const cni::Request& request);
// Releases the holdings that `wanted` says yes to, and gives them.
Result<std::vector<Holding>> release_holdings(const cni::Request& request,
                                              const std::function<bool(const Holding&)>& wanted);

}  // namespace netctl::host_local

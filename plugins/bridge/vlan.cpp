#include "plugins/bridge/vlan.hpp"

#include <algorithm>

namespace netctl::bridge {
namespace {

using rtnl::VlanRange;

constexpr std::uint16_t kTrunksNative = 1;

// Adds what of the range comes after all that is there, and is not `except`.
void append(std::vector<VlanRange>& vlans, std::uint32_t first, std::uint32_t last,
            std::uint32_t except) {
  if (first > last) return;
  if (first <= except && except <= last) {
    append(vlans, first, except - 1, 0);
    append(vlans, except + 1, last, 0);
    return;
  }
  vlans.push_back(
      {.first = static_cast<std::uint16_t>(first), .last = static_cast<std::uint16_t>(last)});
}

}  // namespace

attach::PortVlans port_vlans(const Config& config) {
  attach::PortVlans result{.keep_default = config.preserve_default_vlan};
  if (!has_vlans(config)) return result;
  const std::uint16_t native = config.vlan != 0 ? config.vlan : kTrunksNative;
  result.vlans.push_back({.first = native, .last = native, .native = true, .untagged = true});

  std::vector<VlanRange> trunk = config.vlan_trunk;
  std::ranges::sort(trunk, {}, &VlanRange::first);
  std::uint32_t next = 1;  // what is below has been said
  for (const VlanRange& range : trunk) {
    append(result.vlans, std::max<std::uint32_t>(range.first, next), range.last, native);
    next = std::max<std::uint32_t>(next, range.last + 1U);
  }
  return result;
}

bool has_vlans(const Config& config) { return config.vlan != 0 || !config.vlan_trunk.empty(); }

bool has_vlan_gateway(const Config& config) { return config.vlan != 0 && config.is_gateway; }

}  // namespace netctl::bridge

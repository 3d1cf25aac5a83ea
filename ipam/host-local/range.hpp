#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"

// What host-local gives addresses from, with the reference plugin's rules and words.
namespace netctl::host_local {

// Neighbouring addresses of one family, first and last included.
struct Interval {
  IpAddress start{};
  IpAddress end{};

  bool contains(const IpAddress& address) const { return start <= address && address <= end; }
  std::string to_text() const;  // "10.0.0.5", "10.0.0.5-10.0.0.9"

  bool operator==(const Interval&) const = default;
};

// "10.0.0.5", "10.0.0.5-10.0.0.9" or "10.0.0.8/29".
Result<Interval> parse_interval(std::string_view text);

// A range as it is written in a config.
struct RangeSpec {
  std::optional<IpPrefix> subnet{};
  std::optional<IpAddress> start{};
  std::optional<IpAddress> end{};
  std::optional<IpAddress> gateway{};
  std::vector<Interval> exclude{};
};

// A part of a subnet. Invariant: start and end lie in the subnet, start <= end.
struct Range {
  IpPrefix subnet{};
  IpAddress start{};                // the first address that may be given
  IpAddress end{};                  // the last one
  IpAddress gateway{};              // never given; may lie outside
  std::vector<Interval> exclude{};  // never given either

  bool contains(const IpAddress& address) const { return start <= address && address <= end; }
  bool overlaps(const Range& other) const { return start <= other.end && other.start <= end; }
  // The excluded ones that the address is among; nullptr when it is not.
  const Interval* find_exclusion(const IpAddress& address) const;
  std::string to_text() const;  // "10.0.0.2-10.0.0.9"

  bool operator==(const Range&) const = default;
};

// One address is given from each set. Invariant: of one family, without overlaps, not empty.
using RangeSet = std::vector<Range>;

std::string to_text(const RangeSet& set);  // "10.0.0.2-10.0.0.9,10.0.1.1-10.0.1.254"

// The range of the set that the address lies in; nullptr when there is none.
const Range* find_range(const RangeSet& set, const IpAddress& address);

// Fills in what is not written: gateway and start are the address after the network's, the end is
// the last address that is not the broadcast address. The error holds every problem of the range.
Result<Range> complete(const RangeSpec& spec);
Result<RangeSet> complete(std::span<const RangeSpec> specs);

}  // namespace netctl::host_local

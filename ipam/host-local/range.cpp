#include "ipam/host-local/range.hpp"

#include <algorithm>

#include "runtime-core/base/error_list.hpp"

namespace netctl::host_local {
namespace {

IpAddress last_usable(const IpPrefix& subnet) {
  return subnet.address.is_v4() ? subnet.last().previous() : subnet.last();
}

Status check_subnet(const IpPrefix& subnet) {
  // A /31 has no address left beside its gateway, a /32 has none at all.
  if (subnet.length + 2 > subnet.address.bits()) {
    return fail(Errc::InvalidArgument, "Network {} too small to allocate from", subnet.to_text());
  }
  if (subnet.address != subnet.network()) {
    return fail(Errc::InvalidArgument,
                "Network has host bits set. For a subnet mask of length {} the network address is "
                "{}",
                subnet.length, subnet.network().to_text());
  }
  return ok();
}

// With both bounds given the start must not lie past the end; the reference plugin says then that
// it is not in the network.
Status check_bounds(const RangeSpec& spec, const Range& range) {
  const auto outside = [&](const char* name, const IpAddress& bound) {
    return fail(Errc::InvalidArgument, "{} {} not in network {}", name, bound.to_text(),
                range.subnet.to_text());
  };
  ErrorList errors;
  if (spec.start && !range.subnet.contains(range.start)) {
    errors.add(outside("RangeStart", range.start));
  }
  if (spec.end && !range.subnet.contains(range.end)) errors.add(outside("RangeEnd", range.end));
  if (errors.empty() && range.end < range.start) {
    errors.add(spec.start ? outside("RangeStart", range.start) : outside("RangeEnd", range.end));
  }
  for (const Interval& excluded : spec.exclude) {
    if (!range.subnet.contains(excluded.start) || !range.subnet.contains(excluded.end)) {
      errors.add(fail(Errc::InvalidArgument, "exclude {} not in network {}", excluded.to_text(),
                      range.subnet.to_text()));
    }
  }
  return errors.status();
}

Status check_set(const RangeSet& set) {
  ErrorList errors;
  const Family family = set.front().subnet.address.family();
  if (std::ranges::any_of(
          set, [&](const Range& range) { return range.subnet.address.family() != family; })) {
    errors.add(fail(Errc::InvalidArgument, "mixed address families"));
  }
  for (auto one = set.begin(); one != set.end(); ++one) {
    for (auto other = one + 1; other != set.end(); ++other) {
      if (!one->overlaps(*other)) continue;
      errors.add(fail(Errc::InvalidArgument, "subnets {} and {} overlap", one->to_text(),
                      other->to_text()));
    }
  }
  return errors.status();
}

}  // namespace

std::string Interval::to_text() const {
  return start == end ? start.to_text() : format("{}-{}", start.to_text(), end.to_text());
}

Result<Interval> parse_interval(std::string_view text) {
  if (text.find('/') != text.npos) {
    const IpPrefix prefix = TRY(parse_ip_prefix(text));
    if (prefix.address != prefix.network()) {
      return fail(Errc::InvalidArgument, "{} has host bits set: {} or {}?", text,
                  prefix.masked().to_text(), prefix.address.to_text());
    }
    return Interval{.start = prefix.address, .end = prefix.last()};
  }
  const auto dash = text.find('-');
  const IpAddress start = TRY(parse_ip_address(text.substr(0, dash)));
  if (dash == text.npos) return Interval{.start = start, .end = start};
  const IpAddress end = TRY(parse_ip_address(text.substr(dash + 1)));
  if (start.family() != end.family() || end < start) {
    return fail(Errc::InvalidArgument, "{} does not go up from its first address to its last",
                text);
  }
  return Interval{.start = start, .end = end};
}

const Interval* Range::find_exclusion(const IpAddress& address) const {
  const auto found = std::ranges::find_if(
      exclude, [&](const Interval& excluded) { return excluded.contains(address); });
  return found == exclude.end() ? nullptr : &*found;
}

std::string Range::to_text() const { return start.to_text() + "-" + end.to_text(); }

std::string to_text(const RangeSet& set) {
  std::string text;
  for (const Range& range : set) {
    if (!text.empty()) text += ',';
    text += range.to_text();
  }
  return text;
}

const Range* find_range(const RangeSet& set, const IpAddress& address) {
  const auto found =
      std::ranges::find_if(set, [&](const Range& range) { return range.contains(address); });
  return found == set.end() ? nullptr : &*found;
}

Result<Range> complete(const RangeSpec& spec) {
  if (!spec.subnet) return fail(Errc::InvalidArgument, "a range needs a \"subnet\"");
  const IpPrefix subnet = *spec.subnet;
  TRY(check_subnet(subnet));
  Range range{.subnet = subnet,
              .start = spec.start.value_or(subnet.address.next()),
              .end = spec.end.value_or(last_usable(subnet)),
              .gateway = spec.gateway.value_or(subnet.address.next()),
              .exclude = spec.exclude};
  TRY(check_bounds(spec, range));
  return range;
}

Result<RangeSet> complete(std::span<const RangeSpec> specs) {
  if (specs.empty()) return fail(Errc::InvalidArgument, "empty range set");
  RangeSet set;
  ErrorList errors;
  for (const RangeSpec& spec : specs) {
    if (auto range = complete(spec)) {
      set.push_back(*range);
    } else {
      errors.add(std::move(range).error());
    }
  }
  TRY(errors.status());
  TRY(check_set(set));
  return set;
}

}  // namespace netctl::host_local

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
  const Range range{.subnet = subnet,
                    .start = spec.start.value_or(subnet.address.next()),
                    .end = spec.end.value_or(last_usable(subnet)),
                    .gateway = spec.gateway.value_or(subnet.address.next())};
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

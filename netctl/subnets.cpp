#include "netctl/subnets.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "netctl/config.hpp"

namespace netctl::command {
namespace {

// The subnets from `first` on, `count` of that length one behind the other.
void add_candidates(std::vector<IpPrefix>& candidates, IpAddress first, unsigned length,
                    int count) {
  for (int i = 0; i < count; ++i) {
    candidates.push_back({.address = first, .length = length});
    first = candidates.back().last().next();
  }
}

Result<IpPrefix> first_free(const std::vector<IpPrefix>& candidates,
                            const std::vector<Taken>& taken) {
  for (const IpPrefix& candidate : candidates) {
    if (!find_overlap(taken, candidate)) return candidate;
  }
  return fail(Errc::Exhausted,
              "no subnet is free: each from {} to {} overlaps a route, an address or a network of "
              "this host; choose one yourself, with --subnet or in a network config",
              candidates.front().to_text(), candidates.back().to_text());
}

}  // namespace

Result<std::vector<Taken>> taken_subnets(rtnl::RouteSocket& host,
                                         const std::vector<cni::NetworkConfig>& configured) {
  std::vector<Taken> taken;
  for (const cni::NetworkConfig& network : configured) {
    for (const IpPrefix& subnet : network_facts(network).subnets) {
      taken.push_back({.subnet = subnet, .holder = format("network \"{}\"", network.name)});
    }
  }
  for (const rtnl::Address& address : TRY(host.addresses())) {
    taken.push_back(
        {.subnet = address.prefix, .holder = "an address of this host", .link = address.link});
  }
  for (const Family family : {Family::V4, Family::V6}) {
    for (const rtnl::Route& route : TRY(host.routes(family))) {
      if (route.destination.is_default()) continue;
      taken.push_back(
          {.subnet = route.destination, .holder = "a route of this host", .link = route.link});
    }
  }
  return taken;
}

const Taken* find_overlap(const std::vector<Taken>& taken, const IpPrefix& subnet) {
  const auto found =
      std::ranges::find_if(taken, [&](const Taken& each) { return each.subnet.overlaps(subnet); });
  return found == taken.end() ? nullptr : &*found;
}

Result<IpPrefix> choose_default_subnet(const std::vector<Taken>& taken) {
  std::vector<IpPrefix> candidates;
  add_candidates(candidates, IpAddress::v4(172, 17, 0, 0), 16, 15);
  return first_free(candidates, taken);
}

Result<IpPrefix> choose_subnet(const std::vector<Taken>& taken) {
  std::vector<IpPrefix> candidates;
  add_candidates(candidates, IpAddress::v4(172, 18, 0, 0), 16, 14);
  add_candidates(candidates, IpAddress::v4(192, 168, 0, 0), 20, 16);
  return first_free(candidates, taken);
}

Result<IpPrefix> choose_subnet_v6(const std::vector<Taken>& taken) {
  // Two of 2^40 that meet are bad luck; this many are a route over all of them.
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    std::array<std::uint8_t, 16> bytes{0xfd};
    // The 40 bits of the global id; the subnet id stays 0.
    if (::getrandom(&bytes[1], 5, 0) != 5) return system_error(errno, "get random bytes");
    const IpPrefix subnet{.address = IpAddress::from_bytes(bytes), .length = 64};
    if (!find_overlap(taken, subnet)) return subnet;
  }
  return fail(Errc::Exhausted, "no IPv6 subnet is free in fd00::/8: choose one with --subnet");
}

}  // namespace netctl::command

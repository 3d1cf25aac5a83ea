#include "runtime-core/attach/sandbox.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace netctl::attach {
namespace {

constexpr std::uint8_t kLinkScope = 253;  // RT_SCOPE_LINK; 254 is the host's own

using Gateways = std::map<std::pair<int, Family>, std::optional<IpAddress>>;

// Where the default routes lead, by interface and family; of several the first, which is the best.
Result<Gateways> default_gateways(rtnl::RouteSocket& socket) {
  Gateways gateways;
  for (const Family family : {Family::V4, Family::V6}) {
    for (const rtnl::Route& route : TRY(socket.routes(family))) {
      if (route.destination.is_default()) {
        gateways.try_emplace({route.link, family}, route.gateway);
      }
    }
  }
  return gateways;
}

std::size_t place_in(const std::vector<std::string>& list, const std::string& name) {
  return static_cast<std::size_t>(std::ranges::find(list, name) - list.begin());
}

// How much an address is a container's address; small is much.
std::size_t rank_of(const rtnl::Address& address, const rtnl::Link& link, const Gateways& gateways,
                    const std::vector<std::string>& first) {
  if (address.scope >= kLinkScope) return first.size() + 2;
  const std::size_t place = place_in(first, link.name);
  if (place < first.size()) return place;
  const Family family = address.prefix.address.family();
  return first.size() + (gateways.contains({link.index, family}) ? 0 : 1);
}

// Those of one of the result's interfaces.
std::vector<IpPrefix> addresses_of(const cni::AddResult& result, std::size_t interface) {
  std::vector<IpPrefix> addresses;
  for (const cni::Ip& ip : result.ips) {
    if (ip.interface == interface) addresses.push_back(ip.address);
  }
  return addresses;
}

}  // namespace

Result<cni::AddResult> describe_sandbox(rtnl::RouteSocket& socket, const std::string& sandbox,
                                        const std::vector<std::string>& first) {
  std::vector<rtnl::Link> links = TRY(socket.links());
  std::ranges::stable_sort(links, {},
                           [&](const rtnl::Link& link) { return place_in(first, link.name); });
  cni::AddResult result;
  std::map<int, std::uint32_t> places;  // in the result, by the kernel's index
  for (const rtnl::Link& link : links) {
    places[link.index] = static_cast<std::uint32_t>(result.interfaces.size());
    result.interfaces.push_back(
        {.name = link.name, .mac = link.mac.to_text(), .mtu = link.mtu, .sandbox = sandbox});
  }

  const Gateways gateways = TRY(default_gateways(socket));
  std::vector<std::pair<std::size_t, cni::Ip>> ranked;
  for (const rtnl::Address& address : TRY(socket.addresses())) {
    const auto place = places.find(address.link);
    if (place == places.end()) continue;  // of an interface that came after they were listed
    cni::Ip ip{.address = address.prefix, .interface = place->second};
    const auto gateway = gateways.find({address.link, address.prefix.address.family()});
    if (gateway != gateways.end() && address.scope < kLinkScope) ip.gateway = gateway->second;
    ranked.emplace_back(rank_of(address, links[place->second], gateways, first), ip);
  }
  std::ranges::stable_sort(ranked, {}, &std::pair<std::size_t, cni::Ip>::first);
  for (const auto& [rank, ip] : ranked) result.ips.push_back(ip);
  return result;
}

Result<std::vector<std::string>> missing_from_sandbox(rtnl::RouteSocket& socket,
                                                      const std::string& sandbox,
                                                      const cni::AddResult& expected) {
  const cni::AddResult present = TRY(describe_sandbox(socket, sandbox));
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < expected.interfaces.size(); ++i) {
    const cni::Interface& wanted = expected.interfaces[i];
    if (wanted.sandbox != sandbox) continue;
    const auto found = std::ranges::find(present.interfaces, wanted.name, &cni::Interface::name);
    if (found == present.interfaces.end()) {
      missing.push_back(format("there is no interface {}", wanted.name));
      continue;
    }
    if (!wanted.mac.empty() && found->mac != wanted.mac) {
      missing.push_back(format("{} has MAC {}, not {}", wanted.name, found->mac, wanted.mac));
    }
    const auto place = static_cast<std::size_t>(found - present.interfaces.begin());
    const std::vector<IpPrefix> addresses = addresses_of(present, place);
    for (const IpPrefix& address : addresses_of(expected, i)) {
      if (std::ranges::find(addresses, address) != addresses.end()) continue;
      missing.push_back(format("{} does not have the address {}", wanted.name, address.to_text()));
    }
  }
  return missing;
}

}  // namespace netctl::attach

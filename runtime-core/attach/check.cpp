#include "runtime-core/attach/check.hpp"

#include <algorithm>

namespace netctl::attach {

const cni::Interface* own_interface(const cni::Request& request) {
  for (const cni::Interface& each : request.prev_result->interfaces) {
    if (each.name == request.ifname && each.sandbox == request.netns) return &each;
  }
  return nullptr;
}

std::vector<cni::Ip> own_ips(const cni::Request& request) {
  std::vector<cni::Ip> ips = request.prev_result->ips;
  const cni::Interface* own = own_interface(request);
  if (!own) return ips;
  const auto index = static_cast<std::uint32_t>(own - request.prev_result->interfaces.data());
  std::erase_if(ips, [&](const cni::Ip& ip) { return ip.interface.value_or(index) != index; });
  return ips;
}

std::vector<IpPrefix> addresses_of(const std::vector<cni::Ip>& ips) {
  std::vector<IpPrefix> addresses;
  for (const cni::Ip& ip : ips) addresses.push_back(ip.address);
  return addresses;
}

void check_veth_inside(const rtnl::Link& link, const cni::Request& request, bool may_be_down,
                       cni::Differences& differences) {
  const cni::Interface* expected = own_interface(request);
  if (!expected) {
    differences.add(format("prevResult has no interface {} in {}", request.ifname, request.netns));
  } else if (!expected->mac.empty() && expected->mac != link.mac.to_text()) {
    differences.add(format("{} has MAC {}, not {}", link.name, link.mac.to_text(), expected->mac));
  }
  if (link.kind != "veth") differences.add(format("{} is no veth", link.name));
  if (!link.up && !may_be_down) differences.add(format("{} is down", link.name));
}

Status check_addresses(rtnl::RouteSocket& socket, const rtnl::Link& link,
                       const std::vector<IpPrefix>& expected, cni::Differences& differences) {
  const auto present = TRY(socket.addresses(link.index));
  for (const IpPrefix& address : expected) {
    const bool there = std::ranges::any_of(
        present, [&](const rtnl::Address& each) { return each.prefix == address; });
    if (there) continue;
    differences.add(format("{} does not have the address {}", link.name, address.to_text()));
  }
  return ok();
}

}  // namespace netctl::attach

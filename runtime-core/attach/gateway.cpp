#include "runtime-core/attach/gateway.hpp"

#include <algorithm>
#include <cerrno>

#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::attach {
namespace {

// An IPv4 gateway has its own addresses and no others; with IPv6 only an address in the same
// network is in the way.
bool in_the_way(const IpPrefix& existing, const std::vector<IpPrefix>& wanted) {
  if (std::ranges::find(wanted, existing) != wanted.end()) return false;
  return std::ranges::any_of(wanted, [&](const IpPrefix& gateway) {
    if (gateway.address.family() != existing.address.family()) return false;
    return existing.address.is_v4() || gateway.overlaps(existing);
  });
}

}  // namespace

void prepare_gateway_device(const std::string& name) {
  for (const char* key : {"accept_ra", "accept_dad"}) {
    const auto refused = sys::set_sysctl(format("net/ipv6/conf/{}/{}", name, key), "0");
    if (!refused) log::debug("{}", refused.error().message);  // a kernel without IPv6
  }
}

Status ensure_gateways(rtnl::RouteSocket& host, const rtnl::Link& device,
                       const std::vector<IpPrefix>& gateways, bool force, rtnl::Batch& back) {
  if (gateways.empty()) return ok();
  constexpr std::uint8_t kLinkScope = 253;  // fe80::/64, the kernel's own
  rtnl::Batch batch;
  std::vector<IpPrefix> missing = gateways;
  for (const rtnl::Address& address : TRY(host.addresses(device.index))) {
    std::erase(missing, address.prefix);
    if (address.scope == kLinkScope || !in_the_way(address.prefix, gateways)) continue;
    if (!force) {
      return fail(Errc::Exists,
                  "\"{}\" already has an IP address different from {}: {}; remove it, or set "
                  "\"forceAddress\": true",
                  device.name, gateways.front().to_text(), address.prefix.to_text());
    }
    batch.delete_address(device.index, address.prefix);
    back.add_address(device.index, address.prefix, EEXIST);
  }
  for (const IpPrefix& gateway : missing) {
    batch.add_address(device.index, gateway, EEXIST);
    back.delete_address(device.index, gateway);
  }
  // A bridge that was made without a MAC address takes the lowest of its ports', until it is told
  // one.
  if (!missing.empty() && !is_device_alias(device.alias)) {
    batch.change_link({.link = device.index, .mac = device.mac});
  }
  return batch.size() == 0 ? ok() : host.apply(batch);
}

}  // namespace netctl::attach

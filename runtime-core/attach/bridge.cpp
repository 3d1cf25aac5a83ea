#include "runtime-core/attach/bridge.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime-core/attach/host_lock.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::attach {
namespace {

// What tells a bridge of ours from an administrator's.
std::string bridge_alias(const std::string& network) { return "netctl:" + network_tag(network); }
bool is_ours(const rtnl::Link& bridge) { return bridge.alias.starts_with("netctl:"); }

Status check_is_bridge(const rtnl::Link& link) {
  if (link.kind == "bridge") return ok();
  return fail(Errc::Exists,
              "\"{}\" already exists but is not a bridge: give another name in \"bridge\"",
              link.name);
}

Status make_bridge(rtnl::RouteSocket& host, const BridgePlan& plan) {
  rtnl::Batch batch;
  // Another ADD may make it at the same time: then it is there, which is all we want.
  batch.add_bridge({.name = plan.name, .mac = random_mac_address(), .mtu = plan.mtu}, EEXIST);
  batch.change_link({.link = plan.name, .alias = bridge_alias(plan.network)});
  TRY(host.apply(batch));
  log::info("made bridge {}", plan.name);

  // Before it comes up: until duplicate detection of its link-local address is done, a second or
  // two, the host could not ask for its containers' IPv6 neighbours.
  const bool isolated = plan.policy.v6 == GatewayMode::Isolated;
  const std::array<std::pair<std::string_view, std::string_view>, 3> settings = {
      {{"accept_ra", "0"}, {"accept_dad", "0"}, {"disable_ipv6", isolated ? "1" : "0"}}};
  for (const auto& [key, value] : settings) {
    const auto refused = sys::set_sysctl(format("net/ipv6/conf/{}/{}", plan.name, key), value);
    if (!refused) log::debug("{}", refused.error().message);  // a kernel without IPv6
  }
  return ok();
}

Result<rtnl::Link> find_or_make(rtnl::RouteSocket& host, const BridgePlan& plan, Rollback& undo) {
  auto found = TRY(host.find_link(plan.name));
  if (!found) {
    undo.add("remove bridge " + plan.name,
             [&host, name = plan.name] { return remove_unused_bridge(host, name); });
    TRY(make_bridge(host, plan));
    found = TRY(host.link_by_name(plan.name));
  }
  TRY(check_is_bridge(*found));
  return std::move(*found);
}

// An IPv4 bridge has its gateway addresses and no others; with IPv6 only an address in the same
// network is in the way.
bool in_the_way(const IpPrefix& existing, const std::vector<IpPrefix>& wanted) {
  if (std::ranges::find(wanted, existing) != wanted.end()) return false;
  return std::ranges::any_of(wanted, [&](const IpPrefix& gateway) {
    if (gateway.address.family() != existing.address.family()) return false;
    return existing.address.is_v4() || gateway.overlaps(existing);
  });
}

Status ensure_gateways(rtnl::RouteSocket& host, const rtnl::Link& bridge, const BridgePlan& plan) {
  constexpr std::uint8_t kLinkScope = 253;  // fe80::/64, the kernel's own
  rtnl::Batch batch;
  std::vector<IpPrefix> missing = plan.gateways;
  for (const rtnl::Address& address : TRY(host.addresses(bridge.index))) {
    std::erase(missing, address.prefix);
    if (address.scope == kLinkScope || !in_the_way(address.prefix, plan.gateways)) continue;
    if (!plan.force_address) {
      return fail(Errc::Exists,
                  "\"{}\" already has an IP address different from {}: {}; remove it, or set "
                  "\"forceAddress\": true",
                  plan.name, plan.gateways.front().to_text(), address.prefix.to_text());
    }
    batch.delete_address(bridge.index, address.prefix);
  }
  for (const IpPrefix& gateway : missing) batch.add_address(bridge.index, gateway, EEXIST);
  // One that was made without a MAC address takes the lowest of its ports', until it is told one.
  if (!missing.empty() && !is_ours(bridge)) {
    batch.change_link({.link = bridge.index, .mac = bridge.mac});
  }
  return batch.size() == 0 ? ok() : host.apply(batch);
}

// Two networks may share a bridge, but not have two policies for it.
Status apply_policy(const rtnl::Link& bridge, const BridgePlan& plan) {
  if (!is_ours(bridge) || bridge.alias == bridge_alias(plan.network)) {
    return ensure_policy(plan.name, plan.policy);
  }
  if (plan.policy.is_open() || TRY(missing_policy(plan.name, plan.policy)).empty()) return ok();
  return fail(Errc::Exists,
              "bridge {} is that of network {}, which has another policy: give this network a "
              "bridge of its own",
              plan.name, bridge.alias);
}

}  // namespace

Result<rtnl::Link> ensure_bridge(rtnl::RouteSocket& host, const BridgePlan& plan, Rollback& undo) {
  rtnl::Link bridge = TRY(find_or_make(host, plan, undo));
  TRY(apply_policy(bridge, plan));
  if (!bridge.up || (plan.promiscuous && !bridge.promiscuous)) {
    rtnl::LinkChange change{.link = bridge.index, .up = true};
    if (plan.promiscuous) change.promiscuous = true;
    rtnl::Batch batch;
    batch.change_link(change);
    TRY(host.apply(batch));
  }
  if (!plan.gateways.empty()) TRY(ensure_gateways(host, bridge, plan));
  return bridge;
}

Result<std::uint32_t> default_route_mtu(rtnl::RouteSocket& host) {
  // Documentation addresses, which are nobody's, so that no route but the default leads there; a
  // listing could have a million routes.
  static constexpr std::array<std::uint8_t, 16> kNobodys6{0x20, 0x01, 0x0d, 0xb8};
  for (const IpAddress& anybody : {IpAddress::v4(192, 0, 2, 1), IpAddress::from_bytes(kNobodys6)}) {
    const auto route = host.route_to(anybody);
    if (!route && route.error().code == Errc::NotFound) continue;
    if (!route) return route.error();
    const auto link = TRY(host.find_link(route->link));
    if (link) return link->mtu;
  }
  return 0U;
}

Status check_bridge_name(rtnl::RouteSocket& host, const std::string& name) {
  const auto found = TRY(host.find_link(name));
  return found ? check_is_bridge(*found) : ok();
}

Status remove_unused_bridge(rtnl::RouteSocket& host, const std::string& name) {
  // Asked without the lock first: most bridges that lose a port have others.
  const auto before = TRY(host.find_link(name));
  if (before && (before->kind != "bridge" || before->carrier)) return ok();

  const sys::FileLock lock = TRY(lock_host(sys::Lock::Exclusive));
  const auto bridge = TRY(host.find_link(name));
  if (bridge && (bridge->kind != "bridge" || bridge->carrier)) return ok();
  if (bridge && !TRY(host.ports_of(bridge->index)).empty()) return ok();
  TRY(remove_policy(name));
  if (!bridge || !is_ours(*bridge)) return ok();
  rtnl::Batch batch;
  batch.delete_link(bridge->index);
  TRY(host.apply(batch));
  log::info("removed bridge {}: nobody used it any more", name);
  return ok();
}

}  // namespace netctl::attach

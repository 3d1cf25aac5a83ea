#include "runtime-core/attach/bridge.hpp"

#include <cerrno>
#include <memory>
#include <optional>

#include "runtime-core/attach/flow_table.hpp"
#include "runtime-core/attach/gateway.hpp"
#include "runtime-core/attach/host_lock.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/vlan.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::attach {
namespace {

bool is_ours(const rtnl::Link& bridge) { return is_device_alias(bridge.alias); }

Status check_is_bridge(const rtnl::Link& link) {
  if (link.kind == "bridge") return ok();
  return fail(Errc::Exists,
              "\"{}\" already exists but is not a bridge: give another name in \"bridge\"",
              link.name);
}

// An administrator's bridge is not changed: what else is connected to it is not ours to know.
Status check_filters(const rtnl::Link& bridge) {
  if (bridge.vlan_filtering || is_ours(bridge)) return ok();
  return fail(
      Errc::NotSupported,
      "bridge {} was not made by netctl and does not filter by VLAN: switch that on (ip link "
      "set {} type bridge vlan_filtering 1), or give another name in \"bridge\"",
      bridge.name, bridge.name);
}

// The kernel's own words are "Operation not supported".
Status with_advice(Status filtering) {
  if (filtering || filtering.error().code != Errc::NotSupported) return filtering;
  return std::move(filtering).context(
      "this kernel has no bridge VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING), which \"vlan\" and "
      "\"vlanTrunk\" need");
}

Status make_bridge(rtnl::RouteSocket& host, const BridgePlan& plan) {
  rtnl::Batch batch;
  // Another ADD may make it at the same time: then it is there, which is all we want.
  batch.add_bridge({.name = plan.name,
                    .mac = random_mac_address(),
                    .mtu = plan.mtu,
                    .vlan_filtering = plan.vlan_filtering,
                    .multicast_snooping = plan.multicast_snooping},
                   EEXIST);
  batch.change_link({.link = plan.name, .alias = device_alias(plan.network)});
  const Status made = host.apply(batch);
  TRY(plan.vlan_filtering ? with_advice(made) : made);
  log::info("made bridge {}", plan.name);
  prepare_gateway_device(plan.name);
  if (plan.policy.v6 == GatewayMode::Isolated) {
    const auto refused = sys::set_sysctl(format("net/ipv6/conf/{}/disable_ipv6", plan.name), "1");
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

Status set_filtering(rtnl::RouteSocket& host, const std::string& name, bool on) {
  rtnl::Batch batch;
  batch.change_link({.link = name, .vlan_filtering = on});
  return host.apply(batch);
}

// Takes back what an ADD switched on, unless somebody uses it: a port is in other VLANs than all
// ports are from birth, the bridge's own.
Status stop_filtering(rtnl::RouteSocket& host, const std::string& name) {
  const sys::FileLock lock = TRY(lock_host(sys::Lock::Exclusive, host.fd()));
  const auto bridge = TRY(host.find_link(name));
  if (!bridge || !bridge->vlan_filtering) return ok();
  if (TRY(has_port_in_other_vlans(host, *bridge))) return ok();
  return set_filtering(host, name, false);
}

// Ports that are there stay in the VLAN that they have been in from birth, as the bridge itself, so
// their containers see no difference.
Status ensure_filtering(rtnl::RouteSocket& host, const rtnl::Link& bridge, Rollback& undo) {
  if (bridge.vlan_filtering) return ok();
  TRY(check_filters(bridge));
  undo.add("switch VLAN filtering of " + bridge.name + " off",
           [&host, name = bridge.name] { return stop_filtering(host, name); });
  TRY(with_advice(set_filtering(host, bridge.name, true)));
  log::info("bridge {} filters by VLAN from now on", bridge.name);
  return ok();
}

// Two networks may share a bridge, but not have two policies for it.
Status apply_policy(const rtnl::RouteSocket& host, const rtnl::Link& bridge,
                    const BridgePlan& plan) {
  if (!is_ours(bridge) || bridge.alias == device_alias(plan.network)) {
    return ensure_policy(plan.name, plan.policy, host.fd());
  }
  if (plan.policy.is_open() || TRY(missing_policy(plan.name, plan.policy)).empty()) return ok();
  return fail(Errc::Exists,
              "bridge {} is that of network {}, which has another policy: give this network a "
              "bridge of its own",
              plan.name, bridge.alias);
}

// Those that a link loses when it goes down.
Result<std::vector<IpPrefix>> ipv6_addresses(rtnl::RouteSocket& host, int link) {
  constexpr std::uint8_t kLinkScope = 253;  // the kernel's own
  std::vector<IpPrefix> addresses;
  for (const rtnl::Address& address : TRY(host.addresses(link))) {
    const bool is_own = address.scope != kLinkScope;
    if (!address.prefix.address.is_v4() && is_own) addresses.push_back(address.prefix);
  }
  return addresses;
}

// Undoes changes of a bridge, unless somebody else is on it by now and relies on them. Under the
// lock: whoever looked at the bridge in between has a port there.
Status undo_unless_used(rtnl::RouteSocket& host, int bridge, const rtnl::Batch& changes) {
  const sys::FileLock lock = TRY(lock_host(sys::Lock::Exclusive, host.fd()));
  if (!TRY(host.ports_of(bridge)).empty()) return ok();
  return host.apply(changes);
}

}  // namespace

Result<rtnl::Link> ensure_bridge(rtnl::RouteSocket& host, const BridgePlan& plan, Rollback& undo) {
  rtnl::Link bridge = TRY(find_or_make(host, plan, undo));
  TRY(apply_policy(host, bridge, plan));
  if (plan.flow_table) TRY(ensure_flow_table(host, plan.name));
  if (plan.vlan_filtering) TRY(ensure_filtering(host, bridge, undo));
  std::optional<rtnl::LinkChange> before;
  std::vector<IpPrefix> lost_when_down;
  if (!bridge.up || (plan.promiscuous && !bridge.promiscuous)) {
    if (!bridge.up) lost_when_down = TRY(ipv6_addresses(host, bridge.index));
    before = {.link = bridge.index, .up = bridge.up};
    rtnl::LinkChange change{.link = bridge.index, .up = true};
    if (plan.promiscuous) {
      before->promiscuous = bridge.promiscuous;
      change.promiscuous = true;
    }
    rtnl::Batch batch;
    batch.change_link(change);
    TRY(host.apply(batch));
  }
  rtnl::Batch back;
  const Status gateways = ensure_gateways(host, bridge, plan.gateways, plan.force_address, back);
  if (before) back.change_link(*before);
  for (const IpPrefix& address : lost_when_down) {
    back.add_address(bridge.index, address, EEXIST);
  }
  if (back.size() != 0) {
    undo.add(
        "put back bridge " + plan.name,
        [&host, index = bridge.index, changes = std::make_shared<rtnl::Batch>(std::move(back))] {
          return undo_unless_used(host, index, *changes);
        });
  }
  TRY(gateways);
  return bridge;
}

Status check_bridge_usable(rtnl::RouteSocket& host, const std::string& name, bool vlan_filtering) {
  const auto found = TRY(host.find_link(name));
  if (!found) return ok();
  TRY(check_is_bridge(*found));
  return vlan_filtering ? check_filters(*found) : ok();
}

Status remove_unused_bridge(rtnl::RouteSocket& host, const std::string& name) {
  // Asked without the lock first: most bridges that lose a port have others.
  const auto before = TRY(host.find_link(name));
  if (before && before->kind != "bridge") return ok();
  const bool may_go = !before || !before->carrier;
  if (!may_go && TRY(unused_vlan_gateways(host, *before)).empty()) return ok();

  const sys::FileLock lock = TRY(lock_host(sys::Lock::Exclusive, host.fd()));
  const auto bridge = TRY(host.find_link(name));
  if (bridge && bridge->kind != "bridge") return ok();
  if (bridge) {
    TRY(remove_unused_vlan_gateways(host, *bridge));
    if (!TRY(host.ports_of(bridge->index)).empty()) return ok();
  }
  TRY(remove_policy(name));
  TRY(remove_from_flow_table(name));
  if (!bridge || !is_ours(*bridge)) return ok();
  TRY(host.delete_link(bridge->index));
  log::info("removed bridge {}: nobody used it any more", name);
  return ok();
}

}  // namespace netctl::attach

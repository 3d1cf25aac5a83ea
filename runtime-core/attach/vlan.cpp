#include "runtime-core/attach/vlan.hpp"

#include <algorithm>
#include <bitset>
#include <charconv>

#include "runtime-core/addr/if_name.hpp"
#include "runtime-core/attach/bridge.hpp"
#include "runtime-core/attach/gateway.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/digest.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::attach {
namespace {

constexpr rtnl::VlanRange kAllVlans{.first = 1, .last = 4094};

// Which VLANs, and in which way: lists that say the same in other words are equal.
struct Membership {
  using Vlans = std::bitset<kAllVlans.last + 1>;
  Vlans member{};
  Vlans untagged{};
  Vlans native{};
  bool operator==(const Membership&) const = default;

  explicit Membership(const std::vector<rtnl::VlanRange>& ranges) {
    for (const rtnl::VlanRange& range : ranges) {
      for (std::size_t vlan = range.first; vlan <= range.last; ++vlan) {
        member.set(vlan);
        untagged.set(vlan, range.untagged);
        native.set(vlan, range.native);
      }
    }
  }

  // What there is of it in `vlans`.
  void restrict_to(const Vlans& vlans) {
    for (Vlans* set : {&member, &untagged, &native}) *set &= vlans;
  }
};

// Of a port that may go at any time: none when it has gone.
Result<std::vector<rtnl::VlanRange>> vlans_if_there(rtnl::RouteSocket& host,
                                                    const rtnl::Link& port) {
  auto vlans = host.vlans_of(port.index);
  if (!vlans && vlans.error().code == Errc::NotFound) return std::vector<rtnl::VlanRange>();
  return vlans;
}

bool is_in(const std::vector<rtnl::VlanRange>& vlans, std::uint16_t vlan) {
  return std::ranges::any_of(vlans, [&](const rtnl::VlanRange& range) {
    return range.first <= vlan && vlan <= range.last;
  });
}

// Of the gateway that a port leads to, from the gateway's name: an ADD that failed may have left
// the port in the VLAN that it was born into. 0, which is no port's, when there is no such gateway.
Result<std::uint16_t> gateway_vlan(rtnl::RouteSocket& host, const rtnl::Link& port) {
  const auto gateway = port.peer ? TRY(host.find_link(*port.peer)) : std::nullopt;
  if (!gateway) return std::uint16_t{0};
  const std::string_view name = gateway->name;
  const std::string_view digits = name.substr(name.rfind('.') + 1);
  std::uint16_t vlan = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), vlan);
  return vlan;
}

// The other end of the gateway, a port of the bridge: always the same for one gateway.
std::string port_name(const std::string& gateway) {
  return Owner{.network = "", .container_id = "", .ifname = gateway}.host_link_name();
}

Status make_gateway(rtnl::RouteSocket& host, const VlanGateway& plan, const std::string& name,
                    Rollback& undo) {
  undo.add("remove " + name,
           [&host, bridge = plan.bridge.name] { return remove_unused_bridge(host, bridge); });
  const std::string alias = device_alias(plan.network);
  rtnl::Batch batch;
  batch.add_veth({.name = port_name(name),
                  .mac = random_mac_address(),
                  .mtu = plan.bridge.mtu,
                  .master = plan.bridge.index,
                  .peer_name = name,
                  .peer_mac = random_mac_address()});
  // In the same call, so that no gateway of ours is ever without its mark for longer.
  batch.change_link({.link = port_name(name), .up = true, .alias = alias});
  batch.change_link({.link = name, .alias = alias});
  TRY(host.apply(batch));
  log::info("made {}, the gateway of VLAN {}", name, plan.vlan);
  return ok();
}

// Makes whole what a process that was killed has left as well.
Status connect_gateway(rtnl::RouteSocket& host, const VlanGateway& plan,
                       const rtnl::Link& gateway) {
  const auto port = TRY(find_vlan_gateway_port(host, gateway));
  if (!port || port->master != plan.bridge.index) {
    return fail(Errc::Exists,
                "{} does not lead to bridge {}, of which it should be the gateway of VLAN {}: "
                "delete it (ip link delete {})",
                gateway.name, plan.bridge.name, plan.vlan, gateway.name);
  }
  const PortVlans wanted = gateway_vlans(plan.vlan);
  if (has_vlans(TRY(host.vlans_of(port->index)), wanted)) return ok();
  return set_vlans(host, port->index, wanted);
}

}  // namespace

Status set_vlans(rtnl::RouteSocket& host, int port, const PortVlans& wanted) {
  rtnl::Batch batch;
  if (!wanted.keep_default) batch.delete_vlans(port, kAllVlans);
  batch.add_vlans(port, wanted.vlans);
  return host.apply(batch);
}

bool has_vlans(const std::vector<rtnl::VlanRange>& present, const PortVlans& wanted) {
  const Membership needed(wanted.vlans);
  Membership there(present);
  if (wanted.keep_default) there.restrict_to(needed.member);
  return there == needed;
}

Result<bool> has_port_in_other_vlans(rtnl::RouteSocket& host, const rtnl::Link& bridge) {
  const auto common = TRY(host.vlans_of(bridge.index));
  for (const rtnl::Link& port : TRY(host.ports_of(bridge.index))) {
    const auto vlans = TRY(vlans_if_there(host, port));
    if (!vlans.empty() && vlans != common) return true;
  }
  return false;
}

std::string vlan_gateway_name(std::string_view bridge, std::uint16_t vlan) {
  std::string name = format("{}.{}", bridge, vlan);
  if (name.size() <= kMaxIfNameLength) return name;
  return format("{}~{}.{}", bridge.substr(0, 4), std::string_view(sha512_hex(bridge)).substr(0, 5),
                vlan);
}

Result<rtnl::Link> ensure_vlan_gateway(rtnl::RouteSocket& host, const VlanGateway& plan,
                                       Rollback& undo) {
  const std::string name = vlan_gateway_name(plan.bridge.name, plan.vlan);
  auto gateway = TRY(host.find_link(name));
  if (!gateway) {
    TRY(make_gateway(host, plan, name, undo));
    gateway = TRY(host.link_by_name(name));
  }
  if (is_device_alias(gateway->alias)) TRY(connect_gateway(host, plan, *gateway));
  if (!gateway->up) {
    prepare_gateway_device(name);
    rtnl::Batch batch;
    batch.change_link({.link = gateway->index, .up = true});
    TRY(host.apply(batch));
  }
  rtnl::Batch kept;  // another container of the VLAN may rely on the address by then
  TRY(ensure_gateways(host, *gateway, plan.addresses, plan.force_address, kept));
  return *std::move(gateway);
}

Result<std::optional<rtnl::Link>> find_vlan_gateway_port(rtnl::RouteSocket& host,
                                                         const rtnl::Link& gateway) {
  std::optional<rtnl::Link> port;
  if (!is_device_alias(gateway.alias)) return port;
  port = TRY(host.find_link(port_name(gateway.name)));
  if (port && port->peer != gateway.index) port.reset();
  return port;
}

PortVlans gateway_vlans(std::uint16_t vlan) {
  return {.vlans = {{.first = vlan, .last = vlan, .native = true, .untagged = true}}};
}

Result<std::vector<rtnl::Link>> unused_vlan_gateways(rtnl::RouteSocket& host,
                                                     const rtnl::Link& bridge) {
  std::vector<rtnl::Link> unused;
  if (!bridge.vlan_filtering) return unused;
  std::vector<rtnl::Link> ports = TRY(host.ports_of(bridge.index));
  const auto others = std::stable_partition(ports.begin(), ports.end(), [](const rtnl::Link& port) {
    return is_device_alias(port.alias);
  });
  unused.assign(ports.begin(), others);
  std::vector<std::uint16_t> vlans;
  for (const rtnl::Link& gateway : unused) {
    vlans.push_back(TRY(gateway_vlan(host, gateway)));
  }
  // One port after the other until each gateway has somebody, which is soon.
  for (auto port = others; port != ports.end() && !unused.empty(); ++port) {
    const auto used = TRY(vlans_if_there(host, *port));
    for (std::size_t i = unused.size(); i-- > 0;) {
      if (!is_in(used, vlans[i])) continue;
      unused.erase(unused.begin() + static_cast<std::ptrdiff_t>(i));
      vlans.erase(vlans.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return unused;
}

Status remove_unused_vlan_gateways(rtnl::RouteSocket& host, const rtnl::Link& bridge) {
  ErrorList errors;
  for (const rtnl::Link& port : TRY(unused_vlan_gateways(host, bridge))) {
    log::info("removing {}: nobody uses the gateway that it leads to", port.name);
    errors.keep(host.delete_link(port.index));
  }
  return errors.status();
}

}  // namespace netctl::attach

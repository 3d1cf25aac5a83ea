#include "plugins/bridge/plugin.hpp"

#include <algorithm>

#include "plugins/bridge/check.hpp"
#include "plugins/bridge/config.hpp"
#include "plugins/bridge/vlan.hpp"
#include "runtime-core/attach/bridge.hpp"
#include "runtime-core/attach/check.hpp"
#include "runtime-core/attach/default_route.hpp"
#include "runtime-core/attach/endpoint.hpp"
#include "runtime-core/attach/forwarding.hpp"
#include "runtime-core/attach/host_lock.hpp"
#include "runtime-core/attach/masquerade.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/probe.hpp"
#include "runtime-core/attach/routes.hpp"
#include "runtime-core/attach/service.hpp"
#include "runtime-core/attach/spoof_guard.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/cni/delegate.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::bridge {
namespace {

using rtnl::RouteSocket;

// The container's interface in the result: after the bridge and the host's end.
constexpr std::uint32_t kContainerInterface = 2;

bool has_default_route(const cni::AddResult& result, Family family) {
  return std::ranges::any_of(result.routes, [&](const cni::Route& route) {
    return route.destination.is_default() && route.destination.address.family() == family;
  });
}

// What the IPAM plugin left to us: whose addresses these are, their gateways, the default routes.
void complete(cni::AddResult& result, const cni::Request& request, const Config& config) {
  for (cni::Ip& ip : result.ips) {
    ip.interface = kContainerInterface;
    if (!ip.gateway && config.is_gateway) ip.gateway = ip.address.network().next();
    if (config.policy.mode(ip.address.address.family()) == attach::GatewayMode::Isolated) {
      ip.gateway.reset();
    }
  }
  if (config.no_default_route) {
    std::erase_if(result.routes,
                  [](const cni::Route& route) { return route.destination.is_default(); });
  }
  if (config.is_default_gateway) {
    for (const cni::Ip& ip : result.ips) {
      const Family family = ip.address.address.family();
      if (ip.gateway && !has_default_route(result, family)) {
        result.routes.push_back({.destination = default_route(family), .gateway = ip.gateway});
      }
    }
  }
  if (request.dns) result.dns = *request.dns;
}

// What "mtu" means on this host; 0: the kernel's default.
Result<std::uint32_t> mtu_of(RouteSocket& host, const Config& config) {
  if (!config.auto_mtu) return config.mtu;
  return attach::default_route_mtu(host).context("mtu of the default route");
}

// Where the gateway addresses are when not on the bridge. Comes before the container's port, so
// that it is undone after it.
Result<std::optional<rtnl::Link>> ensure_vlan_gateway(RouteSocket& host, const rtnl::Link& bridge,
                                                      const cni::Request& request,
                                                      const Config& config,
                                                      const cni::AddResult& result,
                                                      Rollback& undo) {
  std::optional<rtnl::Link> gateway;
  if (!has_vlan_gateway(config)) return gateway;
  gateway = TRY(attach::ensure_vlan_gateway(host,
                                            {.bridge = bridge,
                                             .vlan = config.vlan,
                                             .network = request.network,
                                             .addresses = gateways_of(config, result),
                                             .force_address = config.force_address},
                                            undo));
  return gateway;
}

Status join_vlans(RouteSocket& host, const attach::Veth& veth, const Config& config) {
  if (!has_vlans(config)) return ok();
  const rtnl::Link port = TRY(host.link_by_name(veth.host_name));
  return attach::set_vlans(host, port.index, port_vlans(config));
}

// The container on its bridge.
struct Connection {
  attach::Veth veth{};
  std::optional<IpAddress> mac_owner{};  // the address that the container's MAC address belongs to
  bool link_local = true;                // whether the container makes itself an IPv6 address
};

// One that has containers alone on it: it does not lead out of the host by itself.
bool is_closed(const Config& config, const rtnl::Link& bridge) {
  return config.is_gateway && !has_vlans(config) && attach::is_device_alias(bridge.alias);
}

// The address, if any, whose own MAC address the container gets: what the neighbours know of it
// stays right from one container to the next, and none of them has to be told. Where a bridge leads
// out of the host, switches have to learn behind which port it is now.
std::optional<IpAddress> mac_owner(const Config& config, const rtnl::Link& bridge,
                                   const cni::AddResult& result) {
  if (config.mac || !is_closed(config, bridge)) return std::nullopt;
  const auto first = std::ranges::find_if(
      result.ips, [](const cni::Ip& ip) { return ip.address.address.is_v4(); });
  if (first == result.ips.end()) return std::nullopt;
  return first->address.address;
}

// Nobody talks to a port. With a MAC address of its own each would have an entry in the bridge's
// table, and the kernel goes through all of these when a port comes or goes. So all have one, which
// is not the bridge's: where that is a port's, it is taken to go with the port.
std::optional<MacAddress> host_mac(const Config& config, const rtnl::Link& bridge) {
  if (!is_closed(config, bridge)) return std::nullopt;
  MacAddress mac = bridge.mac;
  mac.bytes.back() ^= 1;
  return mac;
}

// Where containers are alone and speak IPv4, IPv6 is of use to nobody; of a thousand containers
// each hears what any of them says in it.
bool needs_link_local(const Config& config, const rtnl::Link& bridge,
                      const cni::AddResult& result) {
  const auto is_v4 = [](const cni::Ip& ip) { return ip.address.address.is_v4(); };
  return !is_closed(config, bridge) || result.ips.empty() ||
         !std::ranges::all_of(result.ips, is_v4);
}

// Connects the container to the bridge under the host lock, so that a DEL of the last port does not
// remove the bridge, or the VLAN's gateway, in between. With VLANs alone: what they need is made in
// several steps.
Result<Connection> connect(RouteSocket& host, int netns, const cni::Request& request,
                           const Config& config, cni::AddResult& result, Rollback& undo) {
  const std::uint32_t mtu = TRY(mtu_of(host, config));
  const sys::FileLock lock = TRY(
      attach::lock_host(has_vlans(config) ? sys::Lock::Exclusive : sys::Lock::Shared, host.fd()));
  const rtnl::Link bridge = TRY(attach::ensure_bridge(host,
                                                      {.name = config.bridge,
                                                       .network = request.network,
                                                       .mtu = mtu,
                                                       .promiscuous = config.promisc_mode,
                                                       .vlan_filtering = has_vlans(config),
                                                       .multicast_snooping = !config.is_gateway,
                                                       .gateways = bridge_gateways(config, result),
                                                       .force_address = config.force_address,
                                                       .policy = config.policy,
                                                       .flow_table = config.flow_table},
                                                      undo));
  const auto gateway = TRY(ensure_vlan_gateway(host, bridge, request, config, result, undo));
  const auto owner = mac_owner(config, bridge, result);
  attach::Veth veth =
      TRY(attach::add_veth(host,
                           {.owner = attach::owner_of(request),
                            .netns = netns,
                            .host_mac = host_mac(config, bridge),
                            .container_mac = owner ? mac_address_of(*owner) : config.mac,
                            .mtu = mtu,
                            .master = bridge.index,
                            .hairpin = config.hairpin_mode,
                            .isolated = config.port_isolation},
                           undo));
  TRY(join_vlans(host, veth, config));
  result.interfaces = {
      {.name = config.bridge, .mac = bridge.mac.to_text()},
      {.name = veth.host_name, .mac = veth.host_mac.to_text()},
      {.name = request.ifname, .mac = veth.container_mac.to_text(), .sandbox = request.netns}};
  if (gateway) result.interfaces.push_back({.name = gateway->name, .mac = gateway->mac.to_text()});
  return Connection{.veth = std::move(veth),
                    .mac_owner = owner,
                    .link_local = needs_link_local(config, bridge, result)};
}

// Addresses and routes, under the namespace's lock: where its routes stand depends on those that
// other networks have put there. Gives what was done.
Result<attach::InsidePlan> configure_inside(RouteSocket& inside, int netns,
                                            const cni::Request& request, const Config& config,
                                            const Connection& connection, cni::AddResult& result,
                                            Rollback& undo) {
  const sys::FileLock lock = TRY(attach::lock_netns(request.netns));
  TRY(attach::rank_routes(inside, config.gateway_priority, result, undo));
  attach::InsidePlan plan{.ifname = request.ifname,
                          .ips = result.ips,
                          .routes = result.routes,
                          .up = !config.disable_container_interface,
                          .detect_duplicates = config.detect_duplicates,
                          .link_local = connection.link_local};
  TRY(attach::configure_inside(inside, netns, plan));
  return plan;
}

attach::News news_of(const std::vector<cni::Ip>& ips, const std::optional<IpAddress>& mac_owner) {
  attach::News news;
  for (const cni::Ip& ip : ips) {
    const IpAddress& address = ip.address.address;
    if (!address.is_v4()) news.ipv6 = true;
    if (address.is_v4() && address != mac_owner) news.ipv4 = true;
  }
  return news;
}

// The container can rely on its network when this returns.
Status bring_into_service(RouteSocket& host, RouteSocket& inside, int netns,
                          const Connection& connection, const attach::InsidePlan& plan) {
  if (!plan.up) return ok();
  TRY(attach::wait_for_port(host, connection.veth.host_name));
  if (plan.detect_duplicates) TRY(attach::wait_for_addresses(inside, netns, plan));
  return attach::announce(inside, netns, plan.ifname, connection.veth.container_mac,
                          news_of(plan.ips, connection.mac_owner));
}

Status remove_endpoint(const cni::Request& request, const Config& config) {
  RouteSocket host = TRY(RouteSocket::open());
  ErrorList errors;
  errors.keep(attach::remove_endpoint(host, attach::owner_of(request), request.netns));
  errors.keep(attach::remove_unused_bridge(host, config.bridge));
  return errors.status();
}

Status remove_stray_endpoints(const cni::Request& request, const Config& config) {
  RouteSocket host = TRY(RouteSocket::open());
  ErrorList errors;
  errors.keep(attach::remove_stray_endpoints(host, request.network, request.valid_attachments));
  errors.keep(attach::remove_unused_bridge(host, config.bridge));
  return errors.status();
}

Result<std::uint32_t> host_mtu(const Config& config) {
  RouteSocket host = TRY(RouteSocket::open());
  return mtu_of(host, config);
}

Status check_bridge_usable(const Config& config) {
  RouteSocket host = TRY(RouteSocket::open());
  return attach::check_bridge_usable(host, config.bridge, has_vlans(config));
}

}  // namespace

Result<cni::AddResult> Bridge::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket host = TRY(RouteSocket::open());
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open, host.fd()));
  const attach::Owner owner = attach::owner_of(request);
  TRY(attach::refuse_existing(host, inside, owner));

  Rollback undo;
  cni::AddResult result;
  if (!request.ipam_type.empty()) {
    result = TRY(cni::ipam_add(request));
    undo.add("release the address", [&] { return cni::ipam_call(cni::Command::Del, request); });
    complete(result, request, config);
  }
  const Connection connection = TRY(connect(host, netns.get(), request, config, result, undo));
  if (config.spoof_check) {
    const attach::Veth& veth = connection.veth;
    TRY(attach::guard_mac(owner, veth.host_name, veth.container_mac, undo));
  }
  const attach::InsidePlan plan =
      TRY(configure_inside(inside, netns.get(), request, config, connection, result, undo));
  TRY(attach::masquerade(owner, masqueraded(config, result.ips), undo));
  TRY(bring_into_service(host, inside, netns.get(), connection, plan));
  // Comes last: nothing after it can fail, so a host that did not forward before a failed ADD does
  // not forward after it.
  if (config.is_gateway) TRY(attach::enable_forwarding(host, result.ips));
  undo.commit();
  return result;
}

Status Bridge::del(const cni::Request& request) {
  ErrorList errors;
  errors.keep(attach::remove_masquerade(attach::owner_of(request)));
  errors.keep(remove_endpoint(request, usable_config(request)));
  errors.keep(attach::remove_mac_guard(attach::owner_of(request)));
  // Last, and always: as long as anything has the address, nobody else may get it.
  errors.keep(cni::ipam_call(cni::Command::Del, request));
  return errors.status();
}

Status Bridge::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(request.require_prev_result());
  cni::Differences differences;
  differences.keep(cni::ipam_call(cni::Command::Check, request));
  check_attachment(request, config, differences);
  return differences.status(
      format("container \"{}\" is not as it was attached", request.container_id));
}

Status Bridge::gc(const cni::Request& request) {
  ErrorList errors;
  errors.keep(remove_stray_endpoints(request, usable_config(request)));
  errors.keep(attach::remove_stray_masquerade(request.network, request.valid_attachments));
  errors.keep(attach::remove_stray_mac_guards(request.network, request.valid_attachments));
  // Last, as in DEL: an address is free when its interface is gone.
  errors.keep(cni::ipam_call(cni::Command::Gc, request));
  return errors.status();
}

Status Bridge::status(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const std::uint32_t mtu = TRY(host_mtu(config));
  const bool firewall = !config.policy.is_open() || masquerades(config, Family::V4) ||
                        masquerades(config, Family::V6);
  ErrorList errors;
  errors.keep(attach::check_host({.bridge = true,
                                  .mtu = mtu,
                                  .vlans = has_vlans(config),
                                  .firewall = firewall,
                                  .spoof_guard = config.spoof_check,
                                  .flow_table = config.flow_table}));
  errors.keep(check_bridge_usable(config));
  errors.keep(cni::ipam_call(cni::Command::Status, request));
  return errors.status();
}

}  // namespace netctl::bridge

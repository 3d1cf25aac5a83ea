#include "portmap/plugin.hpp"

#include <algorithm>
#include <optional>

#include "portmap/config.hpp"
#include "portmap/loopback.hpp"
#include "runtime-core/attach/host_lock.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/probe.hpp"
#include "runtime-core/attach/publish.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::portmap {
namespace {

using attach::GatewayMode;
using attach::PublishedPort;

// Of one container, with the length of their network.
using Addresses = std::vector<IpPrefix>;

// An address counts when it is on the container's interface, or on none that is told.
bool is_in_container(const cni::Ip& ip, const cni::Request& request) {
  if (!ip.interface) return true;
  const auto& interfaces = request.prev_result->interfaces;
  if (*ip.interface >= interfaces.size()) return false;
  const cni::Interface& interface = interfaces[*ip.interface];
  return interface.name == request.ifname && !interface.sandbox.empty();
}

// The container's first IPv4 and first IPv6 address.
Addresses container_addresses(const cni::Request& request) {
  Addresses addresses;
  for (const cni::Ip& ip : request.prev_result->ips) {
    const bool have = std::ranges::any_of(addresses, [&](const IpPrefix& other) {
      return other.address.family() == ip.address.address.family();
    });
    if (!have && is_in_container(ip, request)) addresses.push_back(ip.address);
  }
  return addresses;
}

// Those of families that are in one of these gateway modes.
Addresses addresses_in(const Config& config, Addresses addresses,
                       std::initializer_list<GatewayMode> modes) {
  std::erase_if(addresses, [&](const IpPrefix& address) {
    const GatewayMode mode = config.network.mode(address.address.family());
    return std::ranges::find(modes, mode) == modes.end();
  });
  return addresses;
}

// Those that ports of the host lead to, as against those that are reached themselves.
Addresses behind_host(const Config& config, const Addresses& addresses) {
  return addresses_in(config, addresses, {GatewayMode::Nat, GatewayMode::NatUnprotected});
}

// A mapping holds for each family that the container has an address of; one with a host address
// only for that address' family.
std::vector<PublishedPort> ports_of(const Config& config, const Addresses& addresses) {
  std::vector<PublishedPort> ports;
  for (const PortMapping& mapping : config.mappings) {
    for (const IpPrefix& container : addresses) {
      if (mapping.host_ip && mapping.host_ip->family() != container.address.family()) continue;
      ports.push_back({.mapping = mapping, .container = container.address});
    }
  }
  return ports;
}

// A mapping on one address of a family that the container does not have would be a port that never
// answers. One on "any IPv6 address" is what runtimes send beside "any IPv4 address": passed over.
Status refuse_unreachable(const Config& config, const Addresses& addresses) {
  for (const PortMapping& mapping : config.mappings) {
    if (!mapping.host_ip) continue;
    const bool reaches = std::ranges::any_of(addresses, [&](const IpPrefix& container) {
      return mapping.host_ip->family() == container.address.family();
    });
    if (reaches) continue;
    const std::string_view family = mapping.host_ip->is_v4() ? "IPv4" : "IPv6";
    if (!mapping.host_ip->is_unspecified()) {
      return fail(Errc::InvalidArgument,
                  "port {} cannot be published: the container has no {} address", mapping.to_text(),
                  family);
    }
    log::warn("port {} is not published: the container has no {} address", mapping.to_text(),
              family);
  }
  return ok();
}

attach::Publication publication(const Config& config, const Addresses& addresses) {
  const Addresses behind = behind_host(config, addresses);
  return {.ports = ports_of(config, behind),
          .conditions_v4 = config.conditions_v4,
          .conditions_v6 = config.conditions_v6,
          .opened = ports_of(config, addresses_in(config, addresses, {GatewayMode::Routed})),
          .hairpin = config.snat || config.masq_all ? behind : Addresses(),
          .masquerade_all = config.masq_all};
}

// The addresses that are reached from the host's own loopback addresses.
std::vector<IpAddress> loopback_targets(const Config& config, const Addresses& addresses) {
  std::vector<IpAddress> targets;
  if (!config.snat) return targets;
  for (const IpPrefix& address : behind_host(config, addresses)) {
    targets.push_back(address.address);
  }
  return targets;
}

// With no ports at all: a call before this one may have got no further than that.
Status close_behind(const std::vector<attach::PublishedPort>& unpublished) {
  const bool concerns_v6 =
      unpublished.empty() ||
      std::ranges::any_of(unpublished, [](const auto& port) { return !port.container.is_v4(); });
  return concerns_v6 ? close_loopback() : ok();
}

}  // namespace

Result<cni::AddResult> PortMap::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  if (!request.prev_result) {
    return cni::failure(
        cni::kInvalidConfig,
        "must be called as chained plugin: put portmap after the plugin that attaches");
  }
  if (config.mappings.empty()) return *request.prev_result;

  const Addresses addresses = container_addresses(request);
  TRY(refuse_unreachable(config, addresses));
  if (!addresses_in(config, addresses, {GatewayMode::Isolated}).empty()) {
    return fail(Errc::InvalidArgument,
                "ports cannot be published in gateway mode isolated: nothing enters the network");
  }
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  Rollback undo;
  // Nobody takes a route to ::1 away while it is not known yet who needs it. Given back before the
  // way back begins, which does just that.
  const auto lock = TRY(attach::lock_host(sys::Lock::Shared, host.fd()));
  undo.add("close the loopback addresses", close_loopback);
  TRY(attach::publish(attach::owner_of(request), publication(config, addresses), undo));
  TRY(open_loopback(host, loopback_targets(config, addresses)));
  undo.commit();
  return *request.prev_result;
}

// The owner's tag is all that is needed: not the ports, not prevResult, not a sound config.
Status PortMap::del(const cni::Request& request) {
  return close_behind(TRY(attach::unpublish(attach::owner_of(request))));
}

Status PortMap::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(request.require_prev_result());
  if (config.mappings.empty()) return ok();
  const Addresses addresses = container_addresses(request);
  cni::Differences differences;
  differences.add_all(
      attach::missing_ports(attach::owner_of(request), publication(config, addresses)));
  differences.keep(check_loopback(loopback_targets(config, addresses), differences));
  return differences.status(
      format("the published ports of container \"{}\" are not as they were", request.container_id));
}

Status PortMap::gc(const cni::Request& request) {
  return close_behind(TRY(attach::unpublish_strays(request.network, request.valid_attachments)));
}

Status PortMap::status(const cni::Request& request) {
  TRY(parse_config(request));
  return attach::check_host({.firewall = true});
}

}  // namespace netctl::portmap

#include "portmap/plugin.hpp"

#include <algorithm>
#include <optional>

#include "portmap/config.hpp"
#include "runtime-core/attach/firewall.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::portmap {
namespace {

using attach::Firewall;
using attach::Owner;
using attach::PublishedPort;
using attach::Purpose;

// An address counts when it is on the container's interface, or on none that is told.
bool is_in_container(const cni::Ip& ip, const cni::Request& request) {
  if (!ip.interface) return true;
  const auto& interfaces = request.prev_result->interfaces;
  if (*ip.interface >= interfaces.size()) return false;
  const cni::Interface& interface = interfaces[*ip.interface];
  return interface.name == request.ifname && !interface.sandbox.empty();
}

// The container's first IPv4 and first IPv6 address.
std::vector<IpPrefix> container_addresses(const cni::Request& request) {
  std::vector<IpPrefix> addresses;
  for (const cni::Ip& ip : request.prev_result->ips) {
    const bool have = std::ranges::any_of(addresses, [&](const IpPrefix& other) {
      return other.address.family() == ip.address.address.family();
    });
    if (!have && is_in_container(ip, request)) addresses.push_back(ip.address);
  }
  return addresses;
}

// A mapping holds for each family that the container has an address of; one with a host address
// only for that address' family.
std::vector<PublishedPort> published_ports(const Config& config,
                                           const std::vector<IpPrefix>& addresses) {
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
Status refuse_unreachable(const Config& config, const std::vector<IpPrefix>& addresses) {
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

// Without this the kernel drops packets from 127.0.0.1 that are led to the container, and the
// answers to them.
Status allow_localhost(const IpAddress& container) {
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  const rtnl::Route route = TRY(host.route_to(container));
  const auto link = TRY(host.find_link(route.link));
  if (!link) return fail(Errc::NotFound, "no interface leads to {}", container.to_text());
  TRY(sys::set_sysctl(format("net/ipv4/conf/{}/route_localnet", link->name), "1"));
  return ok();
}

Status remove_ports(const Owner& owner) {
  Firewall firewall = TRY(Firewall::open());
  return firewall.remove(Purpose::Publish, owner);
}

}  // namespace

Result<cni::AddResult> PortMap::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  if (!request.prev_result) {
    return fail(Errc::InvalidArgument,
                "must be called as chained plugin: put portmap after the plugin that attaches");
  }
  if (config.mappings.empty()) return *request.prev_result;

  const auto addresses = container_addresses(request);
  TRY(refuse_unreachable(config, addresses));
  const Owner owner = attach::owner_of(request);
  Firewall firewall = TRY(Firewall::open());
  TRY(firewall.publish(owner, published_ports(config, addresses),
                       config.snat || config.masq_all ? addresses : std::vector<IpPrefix>(),
                       config.masq_all));
  Rollback undo;
  undo.add("unpublish the ports", [&] { return remove_ports(owner); });
  const auto v4 = std::ranges::find_if(
      addresses, [](const IpPrefix& address) { return address.address.is_v4(); });
  if (config.snat && v4 != addresses.end()) TRY(allow_localhost(v4->address));
  undo.commit();
  return *request.prev_result;
}

// The owner's tag is all that is needed: not the ports, not prevResult, not a sound config.
Status PortMap::del(const cni::Request& request) { return remove_ports(attach::owner_of(request)); }

Status PortMap::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  if (!request.prev_result) return fail(Errc::InvalidArgument, "Required prevResult missing");
  if (config.mappings.empty()) return ok();
  Firewall firewall = TRY(Firewall::open());
  const auto missing = TRY(firewall.missing_ports(
      attach::owner_of(request), published_ports(config, container_addresses(request))));
  if (missing.empty()) return ok();
  Error error = fail(Errc::NotFound, "{} published ports of container \"{}\" are not as they were",
                     missing.size(), request.container_id);
  for (const std::string& line : missing)
    error.details += (error.details.empty() ? "" : "\n") + line;
  return error;
}

Status PortMap::gc(const cni::Request& request) {
  Firewall firewall = TRY(Firewall::open());
  return firewall.remove_strays(Purpose::Publish, request.network, request.valid_attachments);
}

Status PortMap::status(const cni::Request& request) {
  TRY(parse_config(request));
  TRY(Firewall::open());
  return ok();
}

}  // namespace netctl::portmap

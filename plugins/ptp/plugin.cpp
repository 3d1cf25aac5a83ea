#include "plugins/ptp/plugin.hpp"

#include <cerrno>

#include "plugins/ptp/check.hpp"
#include "plugins/ptp/config.hpp"
#include "runtime-core/attach/check.hpp"
#include "runtime-core/attach/endpoint.hpp"
#include "runtime-core/attach/forwarding.hpp"
#include "runtime-core/attach/masquerade.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/probe.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/delegate.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::ptp {
namespace {

using attach::Owner;
using rtnl::RouteSocket;

// The container's interface in the result: after the host's end.
constexpr std::uint32_t kContainerInterface = 1;

// Addresses, routes and DNS. Everything is reached through the gateway, so each address needs one.
Result<cni::AddResult> ask_ipam(const cni::Request& request, Rollback& undo) {
  cni::AddResult result = TRY(cni::ipam_add(request));
  undo.add("release the address", [&] { return cni::ipam_call(cni::Command::Del, request); });
  for (cni::Ip& ip : result.ips) {
    ip.interface = kContainerInterface;
    if (ip.gateway) continue;
    return fail(Errc::InvalidArgument,
                "IPAM plugin \"{}\" gave {} without a gateway: a ptp network needs one, the host's "
                "address on the link; set \"gateway\" in \"ipam\"",
                request.ipam_type, ip.address.to_text());
  }
  if (request.dns) result.dns = *request.dns;
  return result;
}

// The host's end has the gateway's address and takes no other from whatever the container
// announces; nobody else on the link could have it already.
void quieten(const std::string& link) {
  for (const char* key : {"accept_ra", "accept_dad"}) {
    const auto refused = sys::set_sysctl(format("net/ipv6/conf/{}/{}", link, key), "0");
    if (!refused) log::debug("{}", refused.error().message);  // a kernel without IPv6
  }
}

// The gateway's address on the host's end, and the way to the container through it. Gone with the
// pair.
Status configure_host_end(RouteSocket& host, const attach::Veth& veth,
                          const std::vector<cni::Ip>& ips) {
  quieten(veth.host_name);
  const rtnl::Link link = TRY(host.link_by_name(veth.host_name));
  rtnl::Batch batch;
  // Two addresses of one network share their gateway.
  for (const cni::Ip& ip : ips) batch.add_address(link.index, host_prefix(*ip.gateway), EEXIST);
  for (const rtnl::Route& route : host_routes(link.index, ips)) batch.add_route(route);
  return host.apply(batch).context("on the host");
}

Status remove_endpoint(const cni::Request& request) {
  RouteSocket host = TRY(RouteSocket::open());
  return attach::remove_endpoint(host, attach::owner_of(request), request.netns);
}

Status remove_stray_endpoints(const cni::Request& request) {
  RouteSocket host = TRY(RouteSocket::open());
  return attach::remove_stray_endpoints(host, request.network, request.valid_attachments);
}

}  // namespace

Result<cni::AddResult> Ptp::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket host = TRY(RouteSocket::open());
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open, host.fd()));
  const Owner owner = attach::owner_of(request);
  TRY(attach::refuse_existing(host, inside, owner));

  Rollback undo;
  cni::AddResult result = TRY(ask_ipam(request, undo));
  const attach::Veth veth =
      TRY(attach::add_veth(host, {.owner = owner, .netns = netns.get(), .mtu = config.mtu}, undo));
  TRY(configure_host_end(host, veth, result.ips));
  TRY(attach::configure_inside(inside, netns.get(),
                               {.ifname = request.ifname,
                                .ips = result.ips,
                                .routes = result.routes,
                                .point_to_point = true}));
  if (config.ip_masq) TRY(attach::masquerade(owner, attach::addresses_of(result.ips), undo));
  TRY(attach::enable_forwarding(host, result.ips));
  undo.commit();
  result.interfaces = {
      {.name = veth.host_name, .mac = veth.host_mac.to_text()},
      {.name = request.ifname, .mac = veth.container_mac.to_text(), .sandbox = request.netns}};
  return result;
}

Status Ptp::del(const cni::Request& request) {
  ErrorList errors;
  errors.keep(attach::remove_masquerade(attach::owner_of(request)));
  errors.keep(remove_endpoint(request));
  // Last, and always: as long as anything has the address, nobody else may get it.
  errors.keep(cni::ipam_call(cni::Command::Del, request));
  return errors.status();
}

Status Ptp::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(request.require_prev_result());
  return check_attachment(request, config);
}

Status Ptp::gc(const cni::Request& request) {
  ErrorList errors;
  errors.keep(remove_stray_endpoints(request));
  errors.keep(attach::remove_stray_masquerade(request.network, request.valid_attachments));
  errors.keep(cni::ipam_call(cni::Command::Gc, request));
  return errors.status();
}

Status Ptp::status(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  ErrorList errors;
  errors.keep(attach::check_host({.mtu = config.mtu, .firewall = config.ip_masq}));
  errors.keep(cni::ipam_call(cni::Command::Status, request));
  return errors.status();
}

}  // namespace netctl::ptp

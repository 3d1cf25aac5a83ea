#include "plugins/firewall/plugin.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "plugins/firewall/config.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/probe.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::firewall {
namespace {

using attach::FoundFirewall;
using attach::IngressPolicy;
using rtnl::RouteSocket;

std::vector<IpAddress> addresses_of(const cni::Request& request) {
  std::vector<IpAddress> addresses;
  if (!request.prev_result) return addresses;
  for (const cni::Ip& ip : request.prev_result->ips) addresses.push_back(ip.address.address);
  return addresses;
}

// Where the container hangs on the host.
struct Place {
  rtnl::Link link{};                 // a bridge, or the container's own interface of the host
  std::optional<rtnl::Link> port{};  // of that bridge
  bool is_bridge() const { return link.kind == "bridge"; }
};

Result<Place> find_place(RouteSocket& host, const cni::Request& request, IngressPolicy policy) {
  const auto& interfaces = request.prev_result->interfaces;
  if (interfaces.empty()) {
    return cni::failure(
        cni::kInvalidConfig,
        format("interface needs to be set for ingress policy \"{}\", make sure to chain "
               "\"firewall\" plugin with \"bridge\"",
               policy == IngressPolicy::Isolated ? "isolated" : "same-bridge"));
  }
  Place place{.link = TRY(host.link_by_name(interfaces.front().name))};
  for (const cni::Interface& interface : interfaces) {
    if (!interface.sandbox.empty()) continue;
    auto link = TRY(host.find_link(interface.name));
    if (link && link->master == place.link.index) place.port = std::move(link);
  }
  return place;
}

attach::Ingress ingress_of(const cni::Request& request, const Config& config,
                           const std::optional<Place>& place,
                           const std::vector<FoundFirewall>& firewalls) {
  attach::Ingress ingress{.addresses = addresses_of(request),
                          .policy = config.ingress_policy,
                          .is_admitted = !firewalls.empty()};
  if (place) {
    ingress.link = place->link.name;
    ingress.is_bridge = place->is_bridge();
  }
  return ingress;
}

attach::Admission admission_of(const cni::Request& request, const Config& config) {
  return {.addresses = addresses_of(request),
          .tag = attach::owner_of(request).tag(),
          .admin_chain = config.admin_chain};
}

// What a bridge forwards by itself passes no chain of ours, unless bridge netfilter is on.
Status isolate_port(RouteSocket& host, const rtnl::Link& port, Rollback& undo) {
  if (port.isolated) return ok();
  rtnl::Batch batch;
  batch.change_link({.link = port.index, .isolated = true});
  TRY(host.apply(batch));
  undo.add("no longer isolate " + port.name, [&host, index = port.index] {
    rtnl::Batch back;
    back.change_link({.link = index, .isolated = false});
    return host.apply(back);
  });
  return ok();
}

// Those of prevResult too, which the reference plugin may have let in; but none that somebody else
// has got since.
std::vector<IpAddress> addresses_to_withdraw(const cni::Request& request, ErrorList& errors) {
  const attach::Owner owner = attach::owner_of(request);
  std::vector<IpAddress> addresses;
  auto admitted = attach::admitted_addresses(owner);
  if (admitted) {
    addresses = *std::move(admitted);
  } else {
    errors.add(admitted.error());
  }
  for (const IpAddress& address : addresses_of(request)) {
    if (std::ranges::find(addresses, address) != addresses.end()) continue;
    const auto is_anothers = attach::is_admitted_to_another(owner, address);
    if (!is_anothers) errors.add(is_anothers.error());
    if (is_anothers && !*is_anothers) addresses.push_back(address);
  }
  return addresses;
}

void check_port(const Place& place, const Config& config, cni::Differences& differences) {
  if (config.ingress_policy != IngressPolicy::Isolated || !place.is_bridge()) return;
  if (!place.port) {
    differences.add(format("the container has no port of bridge {}", place.link.name));
  } else if (!place.port->isolated) {
    differences.add(format("isolation of {} is off", place.port->name));
  }
}

}  // namespace

std::span<const std::string_view> Firewall::versions() const {
  constexpr std::string_view kFirst = "0.4.0";
  const std::span<const std::string_view> all(cni::kVersions);
  return all.subspan(static_cast<std::size_t>(std::ranges::find(all, kFirst) - all.begin()));
}

Result<cni::AddResult> Firewall::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(request.require_prev_result());
  const auto firewalls = TRY(attach::find_host_firewalls(config.backend));
  RouteSocket host = TRY(RouteSocket::open());
  std::optional<Place> place;
  if (config.ingress_policy != IngressPolicy::Open) {
    place = TRY(find_place(host, request, config.ingress_policy));
  }

  const attach::Owner owner = attach::owner_of(request);
  Rollback undo;
  // The record of what other firewalls are told comes first, so that nothing is lost if we are.
  TRY(attach::guard_ingress(owner, ingress_of(request, config, place, firewalls)));
  undo.add("withdraw what firewalls were told", [&]() -> Status {
    if (!firewalls.empty()) {
      TRY(attach::withdraw(addresses_of(request), config.zone, config.backend));
    }
    return attach::remove_ingress(owner);  // the record stays where something else does
  });
  if (config.ingress_policy == IngressPolicy::Isolated && place->port) {
    TRY(isolate_port(host, *place->port, undo));
  }
  TRY(attach::admit(firewalls, admission_of(request, config), config.zone));
  undo.commit();
  return *request.prev_result;
}

// Neither prevResult nor a sound config is needed for what we made.
Status Firewall::del(const cni::Request& request) {
  const Config config = usable_config(request);
  ErrorList errors;
  const auto addresses = addresses_to_withdraw(request, errors);
  errors.keep(attach::withdraw(addresses, config.zone, config.backend));
  // Where something is left, so is the record of it.
  if (errors.empty()) errors.keep(attach::remove_ingress(attach::owner_of(request)));
  return errors.status();
}

Status Firewall::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(request.require_prev_result());
  const auto firewalls = TRY(attach::find_host_firewalls(config.backend));
  cni::Differences differences;
  std::optional<Place> place;
  if (config.ingress_policy != IngressPolicy::Open) {
    RouteSocket host = TRY(RouteSocket::open());
    place = TRY(find_place(host, request, config.ingress_policy));
    check_port(*place, config, differences);
  }
  differences.add_all(attach::missing_ingress(attach::owner_of(request),
                                              ingress_of(request, config, place, firewalls)));
  differences.add_all(
      attach::missing_admission(firewalls, admission_of(request, config), config.zone));
  return differences.status(
      format("the firewall of container \"{}\" is not as it was", request.container_id));
}

Status Firewall::gc(const cni::Request& request) {
  const Config config = usable_config(request);
  const auto strays =
      TRY(attach::stray_admitted_addresses(request.network, request.valid_attachments));
  TRY(attach::withdraw(strays, config.zone, config.backend));
  return attach::remove_stray_ingress(request.network, request.valid_attachments);
}

Status Firewall::status(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const auto firewalls = TRY(attach::find_host_firewalls(config.backend));
  const bool table = config.ingress_policy != IngressPolicy::Open || !firewalls.empty();
  return table ? attach::check_host({.firewall = true}) : ok();
}

}  // namespace netctl::firewall

#include "plugins/none/plugin.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/wishes.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::none {
namespace {

using rtnl::RouteSocket;

constexpr const char* kLoopback = "lo";
constexpr const char* kDisableIpv6 = "net/ipv6/conf/lo/disable_ipv6";

// What Docker refuses under --network none.
Status refuse_wishes(const cni::Request& request) {
  const cni::Wishes wishes = cni::wishes_of(request);
  const auto refuse = [](std::string_view what) {
    return cni::failure(cni::kInvalidConfig,
                        format("conflicting options: {} and the network mode none: there is no "
                               "interface that could have one; choose another network",
                               what));
  };
  if (wishes.ips) return refuse("an IP address");
  if (wishes.aliases) return refuse("an alias");
  if (!request.ipam_type.empty()) return refuse("\"ipam\"");
  return ok();
}

// What it silently does without: here with a warning.
void warn_of_wishes(const cni::Request& request) {
  const cni::Wishes wishes = cni::wishes_of(request);
  if (wishes.ports) log::warn("published ports are discarded when using network mode none");
  if (wishes.mac) log::warn("the MAC address is discarded when using network mode none");
}

// Some kernels put the fallback devices of tunnels into each new namespace. They are down and can
// not be deleted, so they are nobody's attachment.
bool is_fallback_tunnel(const rtnl::Link& link) {
  constexpr std::array<std::string_view, 9> kKinds = {"ipip", "gre", "gretap", "erspan", "vti",
                                                      "vti6", "sit", "ip6tnl", "ip6gre"};
  return !link.up && std::ranges::find(kKinds, link.kind) != kKinds.end();
}

// The names of the interfaces that a container without a network should not have.
Result<std::string> other_interfaces(RouteSocket& inside) {
  std::vector<std::string> names;
  for (const rtnl::Link& link : TRY(inside.links())) {
    if (link.name == kLoopback || is_fallback_tunnel(link)) continue;
    names.push_back(link.name);
  }
  return joined(names, ", ");
}

Status refuse_other_interfaces(RouteSocket& inside) {
  const std::string others = TRY(other_interfaces(inside));
  if (others.empty()) return ok();
  return fail(Errc::Exists,
              "container cannot be connected to multiple networks with one of the networks in "
              "private (none) mode: its namespace has the interface {}; detach that first",
              others);
}

Status refuse_foreign_addresses(const std::vector<rtnl::Address>& addresses) {
  for (const rtnl::Address& address : addresses) {
    if (address.prefix.address.is_loopback()) continue;
    return fail(Errc::Exists, "loopback interface found with non-loopback address \"{}\"",
                address.prefix.address.to_text());
  }
  return ok();
}

Status set_up(RouteSocket& inside, int link, bool up) {
  rtnl::Batch batch;
  batch.change_link({.link = link, .up = up});
  return inside.apply(batch);
}

Status bring_up(RouteSocket& inside, const rtnl::Link& lo, Rollback& undo) {
  if (lo.up) return ok();
  TRY(set_up(inside, lo.index, true));
  undo.add("bring lo down", [&inside, index = lo.index] { return set_up(inside, index, false); });
  return ok();
}

// Container engines switch IPv6 off by default; then lo has no ::1 when it comes up. Tells whether
// the kernel has IPv6 at all.
Result<bool> enable_ipv6(int netns, Rollback& undo) {
  const auto set = [netns](const char* value) {
    return ns::run_in(netns, [&]() -> Result<std::optional<std::string>> {
      return sys::set_sysctl(kDisableIpv6, value);
    });
  };
  const auto there = TRY(ns::run_in(netns, [] { return sys::find_sysctl(kDisableIpv6); }));
  if (!there) return false;
  const auto old = TRY(set("0").context("enable IPv6 in the container"));
  if (old) {
    undo.add("disable IPv6 on lo", [set]() -> Status {
      TRY(set("1"));
      return ok();
    });
  }
  return true;
}

// The kernel gives lo its addresses when it comes up; somebody may have taken them away since.
Status ensure_addresses(RouteSocket& inside, int link, bool with_ipv6) {
  rtnl::Batch batch;
  batch.add_address(link, TRY(parse_ip_prefix("127.0.0.1/8")), EEXIST);
  if (with_ipv6) batch.add_address(link, TRY(parse_ip_prefix("::1/128")), EEXIST);
  return inside.apply(batch);
}

// lo with its first address of each family.
Result<cni::AddResult> result_of(RouteSocket& inside, const cni::Request& request,
                                 const rtnl::Link& lo) {
  cni::AddResult result;
  result.interfaces = {{.name = lo.name, .mac = lo.mac.to_text(), .sandbox = request.netns}};
  const auto addresses = TRY(inside.addresses(lo.index));
  for (const Family family : {Family::V4, Family::V6}) {
    const auto first = std::ranges::find_if(addresses, [&](const rtnl::Address& address) {
      return address.prefix.address.family() == family;
    });
    if (first == addresses.end()) continue;
    result.ips.push_back({.address = first->prefix, .interface = 0});
  }
  return result;
}

Status check_alone(RouteSocket& inside, const rtnl::Link& lo, bool with_ipv6,
                   cni::Differences& differences) {
  const auto addresses = TRY(inside.addresses(lo.index));
  differences.keep(refuse_foreign_addresses(addresses));
  const auto expect = [&](const IpAddress& wanted) {
    const bool there = std::ranges::any_of(
        addresses, [&](const rtnl::Address& each) { return each.prefix.address == wanted; });
    if (!there) differences.add(format("lo does not have the address {}", wanted.to_text()));
  };
  expect(IpAddress::v4(127, 0, 0, 1));
  if (with_ipv6) expect(IpAddress::unspecified(Family::V6).next());  // ::1
  const std::string others = TRY(other_interfaces(inside));
  if (!others.empty()) differences.add(format("the container has the interface {}", others));
  return ok();
}

}  // namespace

Result<cni::AddResult> None::add(const cni::Request& request) {
  const bool alone = role_ == Role::None;
  if (alone) {
    TRY(refuse_wishes(request));
    warn_of_wishes(request);
  }
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));
  const rtnl::Link lo = TRY(inside.link_by_name(kLoopback));
  const auto addresses = TRY(inside.addresses(lo.index));
  TRY(refuse_foreign_addresses(addresses));
  if (alone) TRY(refuse_other_interfaces(inside));

  Rollback undo;
  bool with_ipv6 = false;
  if (alone) with_ipv6 = TRY(enable_ipv6(netns.get(), undo));
  was_up_ = lo.up;
  TRY(bring_up(inside, lo, undo));
  if (alone) TRY(ensure_addresses(inside, lo.index, with_ipv6));
  cni::AddResult result = TRY(result_of(inside, request, lo));
  if (request.prev_result) result = *request.prev_result;
  if (alone && request.dns) result.dns = *request.dns;
  undo.commit();
  return result;
}

Status None::del(const cni::Request& request) {
  const bool alone = role_ == Role::None;
  if (alone && !refuse_wishes(request)) return ok();  // what no ADD accepts, none has made
  const auto netns = TRY(ns::find_netns(request.netns));
  if (!netns) return ok();
  RouteSocket inside = TRY(ns::run_in(netns->get(), RouteSocket::open));
  // Runtimes call DEL after an ADD that failed too: where another network is, lo serves that.
  if (alone && !TRY(other_interfaces(inside)).empty()) return ok();
  const rtnl::Link lo = TRY(inside.link_by_name(kLoopback));
  return set_up(inside, lo.index, false);
}

Status None::undo_add(const cni::Request& request) { return was_up_ ? ok() : del(request); }

Status None::check(const cni::Request& request) {
  const UniqueFd netns = TRY(ns::open_netns(request.netns));
  RouteSocket inside = TRY(ns::run_in(netns.get(), RouteSocket::open));
  const rtnl::Link lo = TRY(inside.link_by_name(kLoopback));
  if (role_ == Role::Loopback) {
    if (lo.up) return ok();
    return fail(Errc::NotFound, "loopback interface is down");
  }
  cni::Differences differences;
  if (!lo.up) differences.add("lo is down");
  const auto ipv6 = TRY(ns::run_in(netns.get(), [] { return sys::find_sysctl(kDisableIpv6); }));
  TRY(check_alone(inside, lo, ipv6.has_value(), differences));
  return differences.status(
      format("container \"{}\" is not as it was attached", request.container_id));
}

// What an ADD made is in the container's namespace, and goes with it.
Status None::gc(const cni::Request&) { return ok(); }

Status None::status(const cni::Request&) {
  RouteSocket host = TRY(RouteSocket::open());
  return ok();
}

}  // namespace netctl::none

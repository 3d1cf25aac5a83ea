#include "runtime-core/attach/service.hpp"

#include <algorithm>

#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/watch.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::attach {
namespace {

// As long as the reference plugins wait for addresses. A port takes microseconds.
constexpr std::chrono::seconds kPatience{5};
constexpr std::uint8_t kDisabled = 0;  // BR_STATE_DISABLED

bool is_of(const rtnl::Address& address, const InsidePlan& plan) {
  return std::ranges::any_of(plan.ips,
                             [&](const cni::Ip& ip) { return ip.address == address.prefix; });
}

// Whether all are usable.
Result<bool> look_at_addresses(rtnl::RouteSocket& inside, int link, const InsidePlan& plan) {
  bool all = true;
  for (const rtnl::Address& address : TRY(inside.addresses(link))) {
    if (!is_of(address, plan)) continue;
    if (address.duplicate) {
      return fail(Errc::Exists,
                  "link {} has address {} in DADFAILED state: somebody else on the network has it",
                  plan.ifname, address.prefix.address.to_text());
    }
    all = all && !address.tentative;
  }
  return all;
}

}  // namespace

Status wait_for_port(rtnl::RouteSocket& host, const std::string& port) {
  const auto open = [] { return rtnl::Watch::open(rtnl::Watch::What::Links); };
  const auto look = [&]() -> Result<bool> {
    return TRY(host.link_by_name(port)).port_state != kDisabled;
  };
  if (TRY(rtnl::wait_until(kPatience, open, look))) return ok();
  return fail(Errc::Io, "bridge port in error state: {} is disabled after {} seconds", port,
              kPatience.count());
}

Status wait_for_addresses(rtnl::RouteSocket& inside, int netns, const InsidePlan& plan) {
  const rtnl::Link link = TRY(inside.link_by_name(plan.ifname));
  const auto open = [&] {
    return ns::run_in(netns, [] { return rtnl::Watch::open(rtnl::Watch::What::Ipv6Addresses); });
  };
  const auto look = [&] { return look_at_addresses(inside, link.index, plan); };
  if (TRY(rtnl::wait_until(kPatience, open, look))) return ok();
  return fail(Errc::TryAgain, "link {} still has tentative addresses after {} seconds", plan.ifname,
              kPatience.count());
}

// The kernel announces all addresses of an interface whose MAC address is set, also if it is set to
// what it is: NETDEV_CHANGEADDR, with arp_notify (net/ipv4/devinet.c) and ndisc_notify
// (net/ipv6/ndisc.c). It would do so when the interface comes up, too, but where link state travels
// by a work queue the bridge does not listen yet; and where it does, each announcement goes to
// every container of the bridge. Hence these are switched on only now.
Status announce(rtnl::RouteSocket& inside, int netns, const std::string& ifname,
                const MacAddress& mac, const News& news) {
  if (!news.ipv4 && !news.ipv6) return ok();
  if (news.ipv6) {
    TRY(ns::run_in(netns, [&] {
      return sys::set_sysctl(format("net/ipv6/conf/{}/ndisc_notify", ifname), "1");
    }));
  }
  rtnl::Batch batch;
  rtnl::LinkChange change{.link = ifname, .mac = mac};
  if (news.ipv4) change.arp_notify = true;
  batch.change_link(change);
  return inside.apply(batch).context("announce the container");
}

}  // namespace netctl::attach

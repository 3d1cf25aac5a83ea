#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/mac.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::attach {

// A veth pair from the host into a container's namespace.
struct VethPlan {
  Owner owner{};                              // gives the host end its name and alias
  int netns = -1;                             // the container's network namespace; lent
  std::optional<MacAddress> host_mac{};       // none: random
  std::optional<MacAddress> container_mac{};  // the same
  std::uint32_t mtu = 0;                      // of both ends; 0: the kernel's default
  int master = 0;  // index of the bridge the host end is a port of; 0: none
  bool hairpin = false;
  bool isolated = false;
};

struct Veth {
  std::string host_name{};
  MacAddress host_mac{};
  MacAddress container_mac{};
};

// Exists when the attachment is there already, or its interface's name is taken in the container;
// asked before anything is changed or an address is taken, so that the one that is there loses
// nothing.
Status refuse_existing(rtnl::RouteSocket& host, rtnl::RouteSocket& inside, const Owner& owner);

// Makes the pair in one message: the container's end is born in its namespace under its name, so no
// temporary name is ever seen. Exists when either name is taken.
Result<Veth> add_veth(rtnl::RouteSocket& host, const VethPlan& plan, Rollback& undo);

// What the container's end gets.
struct InsidePlan {
  std::string ifname{};
  std::vector<cni::Ip> ips{};
  std::vector<cni::Route> routes{};  // without gateway: the first IP's of that family
  bool up = true;
  // The link leads to the gateways and nowhere else, so the rest of each network is behind them:
  // the kernel's route to the network gives way to routes through them (gateway_routes).
  bool point_to_point = false;
  // IPv6 duplicate detection (RFC 4862, and 7527 for what comes back to its sender). Without it the
  // addresses can be used at once; the IPAM plugin sees to it that nobody else has them.
  bool detect_duplicates = false;
  // Whether the interface makes itself an IPv6 address. With one it tells everybody on the link so,
  // looks for routers there again and again, and joins groups, however few speak IPv6.
  bool link_local = true;
};

// A route of a result as it is made in the container: one without gateway gets the first of `ips`
// that has one of its family.
rtnl::Route route_through(int link, const cni::Route& route, const std::vector<cni::Ip>& ips);

// How a container on a point-to-point link gets to its own network: a route to each gateway, and
// one through it to what is on the network besides.
std::vector<rtnl::Route> gateway_routes(int link, const std::vector<cni::Ip>& ips);

// Addresses, link up, routes. `inside` is a socket in the container's namespace, `netns` that
// namespace itself (for what only /proc/sys can do). There is no undo: the interface goes, and
// takes everything along.
Status configure_inside(rtnl::RouteSocket& inside, int netns, const InsidePlan& plan);

// Removes the attachment's interface, at whichever end it can be found: the host's by name and
// owner, else the container's by name, if its namespace still exists. Gone already is success.
Status remove_endpoint(rtnl::RouteSocket& host, const Owner& owner, const std::string& netns_path);

// Removes the host ends, and so the pairs, of all attachments of a network but `valid` ones.
Status remove_stray_endpoints(rtnl::RouteSocket& host, const std::string& network,
                              const std::vector<cni::Attachment>& valid);

}  // namespace netctl::attach

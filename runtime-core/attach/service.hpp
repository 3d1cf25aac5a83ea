#pragma once

#include <string>
#include <vector>

#include "runtime-core/attach/endpoint.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// The last steps of an attachment, when its interface is up: what has to be so before the container
// can rely on its network. Each wait is for the kernel's notification, and has an end.
namespace netctl::attach {

// Returns when the bridge takes frames from the port, which is a moment after the container's end
// came up: what is sent before is lost. With the spanning tree protocol, when it listens to it.
Status wait_for_port(rtnl::RouteSocket& host, const std::string& port);

// Returns when duplicate detection has found nobody else with the container's IPv6 addresses;
// Exists when it has. Takes one to two seconds, and is of use only with
// InsidePlan::detect_duplicates.
Status wait_for_addresses(rtnl::RouteSocket& inside, int netns, const InsidePlan& plan);

// What neighbours may know wrongly, from a former container that had the address.
struct News {
  bool ipv4 = false;
  bool ipv6 = false;
};

// Tells the link whose the addresses are now (gratuitous ARP, unsolicited neighbour
// advertisement): who knows one of them from a former container would send to that one's MAC
// address for a minute or so. `mac` is the interface's own. Every container of the bridge hears it,
// so that it costs more with each of them: nothing is sent where there is no news.
Status announce(rtnl::RouteSocket& inside, int netns, const std::string& ifname,
                const MacAddress& mac, const News& news);

}  // namespace netctl::attach

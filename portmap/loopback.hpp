#pragma once

#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/differences.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// What it takes that published ports answer on the host's own 127.0.0.1 and [::1], without a
// program in between. Both addresses are ones that the kernel does not let in or out of any device
// but lo, unless it is told to on the device that leads to the container:
//
//   127.0.0.1  net.ipv4.conf.<device>.route_localnet
//   [::1]      a route "local ::1 dev <device>" in the table "local" behind lo's own: what is
//              looked up for an answer has to leave through the device that it came by
//
// With bridge netfilter on for IPv6 the answer meets the input check before NAT is undone and is
// dropped. That parameter concerns all bridges of the host, so it is not touched: [::1] is left
// out.
namespace netctl::portmap {

// `containers` are addresses that ports are published for, `host` is asked in the host's namespace.
Status open_loopback(rtnl::RouteSocket& host, const std::vector<IpAddress>& containers);

// Takes the routes back that no published port needs any more, whoever published it. route_localnet
// stays on, as with the reference plugin: who else needs it cannot be told.
Status close_loopback();

// What open_loopback() would have made and is not there.
Status check_loopback(const std::vector<IpAddress>& containers, cni::Differences& differences);

}  // namespace netctl::portmap

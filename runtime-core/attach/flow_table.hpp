#pragma once

#include <string>
#include <vector>

#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// A short way through the host for what a network's containers exchange with others ("flowTable"):
// a connection of TCP in which both have spoken is put into the kernel's flow table, and its
// packets go from device to device, past routing, chains and connection tracking. A network is one
// element, its bridge, and the table `inet netctl-flows` has two rules for all:
//
//   flowtable fast  { hook ingress priority filter; devices = { "web0", "eth0" } }
//   set bridges     { ifname
//                     "web0" comment "bridge web0" }
//
//   chain forward   { type filter hook forward priority 10
//                     meta l4proto tcp ct state established,related iifname @bridges flow add @fast
//                     meta l4proto tcp ct state established,related oifname @bridges flow add @fast
//                     }
//
// The devices are the bridges and those that the host's default routes lead through. What goes by
// others is forwarded as ever. Only TCP: a flow of UDP has to end with its port (flows.hpp), and
// the kernel does not give up a connection that is in there.
namespace netctl::attach {

// The bridge's network takes the short way from now on, until the bridge has lost its last port.
// NotSupported where the kernel has no flow tables.
Status ensure_flow_table(rtnl::RouteSocket& host, const std::string& bridge);

// Not there is success.
Status remove_from_flow_table(const std::string& bridge);

// What ensure_flow_table() made and is missing, a line each.
Result<std::vector<std::string>> missing_flow_table(const std::string& bridge);

// Whether the kernel has flow tables: makes one in this thread's network namespace, which is to be
// thrown away.
Status try_flow_table();

// After restore(): a record does not name devices.
Status restore_flow_devices(rtnl::RouteSocket& host);

// The whole, to be edited.
const OwnedTable& flow_table();

}  // namespace netctl::attach

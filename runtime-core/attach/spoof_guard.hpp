#pragma once

#include <string>
#include <vector>

#include "runtime-core/addr/mac.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"

// Keeps containers to their own MAC address ("macspoofchk"). A container is two elements, its port
// and the address that may come from there, and the table `bridge netctl` has one rule for all:
//
//   set guarded      { ifname
//                      "veth4e1c" comment "bridge/web/eth0" }
//   set allowed      { ifname . ether_addr
//                      "veth4e1c" . 02:42:ac:11:00:02 comment "bridge/web/eth0" }
//
//   chain prerouting { type filter hook prerouting priority -300
//                      iifname @guarded iifname . ether saddr != @allowed drop }
//
// So a frame's way and the cost of a change do not grow with the number of containers, and ports
// that are not guarded see no difference.
namespace netctl::attach {

// From now on only frames from `mac` are taken from the port. Before it is up, best.
Status guard_mac(const Owner& owner, const std::string& port, const MacAddress& mac,
                 Rollback& undo);

// Nothing there is success.
Status remove_mac_guard(const Owner& owner);
// For GC: all of the network but of valid attachments.
Status remove_stray_mac_guards(const std::string& network,
                               const std::vector<cni::Attachment>& valid);

// What guard_mac() would have made and is missing or different, a line each.
Result<std::vector<std::string>> missing_mac_guard(const Owner& owner, const std::string& port,
                                                   const MacAddress& mac);

// The whole, to be edited.
const OwnedTable& spoof_table();

}  // namespace netctl::attach

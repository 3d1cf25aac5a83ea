#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime-core/addr/mac.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/socket.hpp"

namespace netctl::attach {

// Keeps containers to their own MAC address ("macspoofchk"). A container is two elements, its port
// and the address that may come from there, and the table `bridge netctl` has one rule for all:
//
//   set guarded      { ifname;               "veth4e1c" comment "bridge/web/eth0" }
//   set allowed      { ifname . ether_addr;  "veth4e1c" . 02:42:ac:11:00:02 comment
//   "bridge/web/eth0" }
//
//   chain prerouting { type filter hook prerouting priority -300
//                      iifname @guarded iifname . ether saddr != @allowed drop }
//
// So a frame's way and the cost of a change do not grow with the number of containers, and ports
// that are not guarded see no difference. The table comes with the first element and goes with the
// last.
class SpoofGuard {
 public:
  static Result<SpoofGuard> open();

  // From now on only frames from `mac` are taken from the port. Before it is up, best.
  Status guard(const Owner& owner, const std::string& port, const MacAddress& mac);

  // Nothing there is success.
  Status remove(const Owner& owner);
  // For GC: everything of the network but what belongs to a valid attachment.
  Status remove_strays(const std::string& network, const std::vector<cni::Attachment>& valid);

  // What guard() would have made and is not there, a line each.
  Result<std::vector<std::string>> missing(const Owner& owner, const std::string& port,
                                           const MacAddress& mac);

 private:
  explicit SpoofGuard(nft::Socket socket) : socket_(std::move(socket)) {}
  Status remove(const std::function<bool(const std::string& tag)>& wanted);
  Result<std::vector<nft::Element>> all_elements();

  nft::Socket socket_;
};

// Adds the table without elements; Exists if somebody else was faster.
nft::Batch spoof_table();

}  // namespace netctl::attach

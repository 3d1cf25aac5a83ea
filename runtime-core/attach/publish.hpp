#pragma once

#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"

// Ports of the host that lead to containers. The firewall table shows how (firewall_table.hpp).
namespace netctl::attach {

struct PublishedPort {
  PortMapping mapping{};
  IpAddress container{};  // that the port leads to
};

// What one container publishes.
struct Publication {
  std::vector<PublishedPort> ports{};
  // The container's addresses, with the length of their network, for which connections that come
  // from that network, or from all if `masquerade_all`, get the host's address, so that the answers
  // come back through it.
  std::vector<IpPrefix> hairpin{};
  bool masquerade_all = false;
};

// The kernel's map is the reservation: a port that is taken is refused with its holder (Exists),
// and then nothing of this call is there.
Status publish(const Owner& owner, const Publication& publication, Rollback& undo);

// Nothing there is success.
Status unpublish(const Owner& owner);
// For GC: all of the network but of valid attachments.
Status unpublish_strays(const std::string& network, const std::vector<cni::Attachment>& valid);

// What publish() would have made and is missing or different, a line each.
Result<std::vector<std::string>> missing_ports(const Owner& owner, const Publication& publication);

}  // namespace netctl::attach

#pragma once

#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/port_condition.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/rollback.hpp"

// Ports of the host that lead to containers. The firewall table shows how (firewall_table.hpp).
namespace netctl::attach {

struct PublishedPort {
  PortMapping mapping{};
  IpAddress container{};  // that the port leads to

  bool operator==(const PublishedPort&) const = default;
};

// What one container publishes. Consecutive ports of any address that keep their number are one
// element of the table.
struct Publication {
  std::vector<PublishedPort> ports{};  // none twice (refuse_repeated())
  // What has to hold besides, for all ports of a family.
  std::vector<PortCondition> conditions_v4{};
  std::vector<PortCondition> conditions_v6{};
  // In routed networks: nothing of the host leads to them, but they are reached at the container's
  // address and port. Their host address and port are not looked at.
  std::vector<PublishedPort> opened{};
  // The container's addresses, with the length of their network, for which connections that come
  // from that network, or from all if `masquerade_all`, get the host's address, so that the answers
  // come back through it.
  std::vector<IpPrefix> hairpin{};
  bool masquerade_all = false;
};

// The kernel's map is the reservation: a port that is taken is refused with its holder (Exists),
// be it another container or a program of the host that listens on it, and then nothing of this
// call is there. A host port of 0 becomes one that is free, the same for all mappings of one
// container port and protocol. Flows that went elsewhere are moved (flows.hpp).
Status publish(const Owner& owner, const Publication& publication, Rollback& undo);

// What was removed, which may be nothing.
Result<std::vector<PublishedPort>> unpublish(const Owner& owner);
// For GC: all of the network but of valid attachments.
Result<std::vector<PublishedPort>> unpublish_strays(const std::string& network,
                                                    const std::vector<cni::Attachment>& valid);

// What the kernel has of one container, each port with its number, in the order of their numbers
// inside.
Result<std::vector<PublishedPort>> published_ports(const Owner& owner);
// The same in all networks.
Result<std::vector<PublishedPort>> published_ports(const std::string& container_id);

// What publish() would have made and is missing or different, a line each.
Result<std::vector<std::string>> missing_ports(const Owner& owner, const Publication& publication);

}  // namespace netctl::attach

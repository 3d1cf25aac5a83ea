#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"

// What may be forwarded into a network, out of it and within it. The host's own traffic with its
// containers is never touched. The firewall table shows how (firewall_table.hpp): a network with a
// policy is a few elements with its bridge's name, whatever the number of its containers.
namespace netctl::attach {

// How a network of one family is reached from elsewhere, named as in Docker.
enum class GatewayMode {
  NatUnprotected,  // by its containers' addresses: what plain CNI networks have
  Nat,             // by published ports only; the containers' addresses lead nowhere
  Routed,          // by its containers' addresses: ICMP, and the ports that are published
  Isolated,        // the host has no address on the bridge either; for internal networks
};
std::string_view to_text(GatewayMode mode);  // "nat-unprotected"
Result<GatewayMode> parse_gateway_mode(std::string_view text);

// Whether other networks' containers are kept away. Published ports stay reachable.
enum class Isolation {
  None,
  Isolated,  // "isolate": true: from other isolated and strict ones
  Strict,    // "isolate": "strict": from everything on any bridge of the host
};

struct Policy {
  bool internal = false;  // nothing is forwarded in or out
  Isolation isolation = Isolation::None;
  bool icc = true;  // its containers reach each other through the host, too
  GatewayMode v4 = GatewayMode::NatUnprotected;
  GatewayMode v6 = GatewayMode::NatUnprotected;

  GatewayMode mode(Family family) const { return family == Family::V4 ? v4 : v6; }
  // Nothing is kept from anybody.
  bool is_open() const { return *this == Policy{}; }
  bool operator==(const Policy&) const = default;
};

// What is forwarded to and from the bridge obeys this from now on, and no former policy of it. A
// `socket` of the host's can be told, as in ns::own_netns_cookie().
Status ensure_policy(const std::string& bridge, const Policy& policy,
                     std::optional<int> socket = {});

// Nothing there is success.
Status remove_policy(const std::string& bridge);

// What ensure_policy() would have made and is missing or different, a line each.
Result<std::vector<std::string>> missing_policy(const std::string& bridge, const Policy& policy);

}  // namespace netctl::attach

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/nft/types.hpp"

// What has to hold of a connection's first packet, besides its port, for it to be led to a
// container (portmap's keys conditionsV4 and conditionsV6).
namespace netctl::attach {

struct PortCondition {
  enum class Of { Source, Destination, InLink };
  Of of = Of::Source;
  bool negated = false;
  IpPrefix prefix{};   // of Source and Destination
  std::string link{};  // of InLink: has_chain_name(); what the host itself sends came in by none

  bool operator==(const PortCondition&) const = default;
};

// Whether the name of an interface can be a part of a chain's.
bool has_chain_name(std::string_view link);

// "when--not-to-192.0.2.0/24--in-eth0": all of what is in the chain that lets pass what meets all
// of these, and ends the asking for everything else.
std::string condition_chain(const std::vector<PortCondition>& conditions);
// What condition_chain() made; nothing for other names.
std::optional<std::vector<PortCondition>> conditions_in(std::string_view chain);
// The chain's rules: `ip daddr 192.0.2.0/24 accept`, `iifname != "eth0" accept`.
std::vector<std::vector<nft::Statement>> condition_rules(
    const std::vector<PortCondition>& conditions);

}  // namespace netctl::attach

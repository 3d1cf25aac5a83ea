#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/nft/filter_rule.hpp"

// Getting along with the chain FORWARD of iptables(8), which drops what it does not know on hosts
// with Docker, Kubernetes or ufw: an accept in our own table does not overrule that. The rules are
// those of the reference plugin, so that either removes what the other made, and one more:
//
//   -A FORWARD     -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
//   -A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN
//   -A CNI-FORWARD -d 10.1.2.3/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
//   -A CNI-FORWARD -s 10.1.2.3/32 -j ACCEPT
//   -A CNI-FORWARD -d 10.1.2.3/32 -m conntrack --ctstate DNAT … -j ACCEPT    # published ports
//
// This is what is decided, as values; iptables_nft.hpp and iptables_legacy.hpp look and write.
namespace netctl::attach {

inline constexpr std::string_view kContainersChain = "CNI-FORWARD";
inline constexpr std::string_view kAdminChain = "CNI-ADMIN";  // unless the config names another

// The table "filter" of one family, as far as it matters here.
struct FilterTable {
  std::optional<nft::FilterChain> forward{};
  std::optional<nft::FilterChain> containers{};     // CNI-FORWARD
  std::map<std::string, nft::FilterChain> admin{};  // those that CNI-FORWARD leads to, and that of
                                                    // the config; only the ones that exist
};

// One change. They are made together and in order.
struct FilterEdit {
  enum class Kind { NewChain, DeleteChain, Insert, Append, Delete };
  Kind kind = Kind::Append;
  nft::FilterRule rule{};  // of a chain: only its name counts
  bool operator==(const FilterEdit&) const = default;
};
std::string to_text(const FilterEdit& edit);  // "-A CNI-FORWARD -s 10.1.2.3/32 -j ACCEPT"

// Why that FORWARD chain may drop a container's packets: "its policy is DROP". Nothing when it
// cannot.
std::optional<std::string> why_it_may_drop(const nft::FilterChain& forward);
// Whether rules of firewalld are in it, which has an interface of its own.
bool is_firewalld(const nft::FilterChain& forward);

// Containers whose packets are to pass.
struct Admission {
  std::vector<IpAddress> addresses{};  // of any family
  std::string tag{};                   // of their owner
  std::string admin_chain{kAdminChain};
};

// What is missing for these addresses of the family. Nothing where there is no FORWARD.
std::vector<FilterEdit> admitting_edits(const FilterTable& table, Family family,
                                        const Admission& admission);

// Removes every rule for these addresses, whoever made it, and the chains that then hold nothing
// but our jumps.
std::vector<FilterEdit> withdrawing_edits(const FilterTable& table,
                                          const std::vector<IpAddress>& addresses);

}  // namespace netctl::attach

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/nft/types.hpp"

// Rules in the tables "ip filter" and "ip6 filter", which belong to iptables(8). Its variant for
// nf_tables keeps them there in a shape of its own, and reads no other: addresses as plain
// comparisons, the rest as calls of iptables' own modules. Only what the product adds and removes
// there can be written; of all else so much is read as is needed to tell it apart.
namespace netctl::nft {

// -m conntrack --ctstate …
enum class CtState {
  Any,
  Established,  // RELATED,ESTABLISHED
  Dnat,         // DNAT: the destination was translated, as that of a published port's packets
};

struct FilterRule {
  std::string chain{};
  std::optional<IpAddress> source{};  // -s, a whole address
  std::optional<IpAddress> destination{};
  CtState state = CtState::Any;
  std::string comment{};
  std::optional<Verdict> verdict{};  // a rejection reads as a drop
  bool has_more = false;             // conditions or actions besides; such a rule is never written
  std::uint64_t handle = 0;          // of one that was read; 0: none

  // Whether it does the same at the same place: the handle is no part of that.
  bool is_like(const FilterRule& other) const;
  // Every packet that comes to it gets its verdict.
  bool is_unconditional() const;
  bool operator==(const FilterRule&) const = default;
};

// One of the chains.
struct FilterChain {
  bool is_base = false;
  bool drops = false;     // its policy; only base chains have one
  std::uint32_t use = 0;  // how many rules are in it and lead to it, together
  std::vector<FilterRule> rules{};
  bool operator==(const FilterChain&) const = default;
};

// As iptables -S prints it, without -A and the chain: `-d 10.1.2.3/32 -m conntrack --ctstate
// RELATED,ESTABLISHED -j ACCEPT`.
std::string to_text(const FilterRule& rule);

}  // namespace netctl::nft

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/types.hpp"

// The ruleset of the thread's network namespace from above, whoever's it is.
namespace netctl::nft {

// A chain of any table.
struct ChainFacts {
  std::string family{};  // of its table, as nft(8) writes it: "ip", "inet", "bridge"
  std::string table{};
  std::string name{};
  std::optional<Hook::Point> hook{};  // of a base chain, unless it is one that only netdev has
  bool drops = false;                 // the policy of a base chain
};
Result<std::vector<ChainFacts>> list_chains();

// Where each rule of a table stands, in the order in which packets meet the rules of a chain. None
// when there is no such table.
struct RulePlace {
  std::string chain{};
  std::uint64_t handle = 0;  // its number in the table, as `nft -a list` shows it
};
Result<std::vector<RulePlace>> list_rules(const Table& table);

}  // namespace netctl::nft

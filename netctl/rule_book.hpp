#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "netctl/packet_path.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/socket.hpp"

namespace netctl::command {

// What the rules of this namespace say, by their handles: those of our own tables whole, those of
// iptables' as far as their language is known here, and none of others'.
class RuleBook {
 public:
  static Result<RuleBook> open();

  // "ct status dnat accept", "policy"; "rule 7: nft -a list chain ip filter DOCKER" for one that is
  // not known.
  std::string text_of(const nft::TraceEvent& event);
  // The element that a rule of ours found for this packet, and whose it is: `publish4_any { tcp .
  // 8080 : 172.17.0.2 . 80 } of bridge/web/eth0`. Empty when there is none.
  std::string element_for(const PathStep& step);

 private:
  explicit RuleBook(nft::Socket socket) : socket_(std::move(socket)) {}
  Status read_own_tables();
  // The chain's rules of a table that iptables keeps, read when one is asked for first.
  void read_filter_chain(const nft::Table& table, const std::string& chain);

  // Family, table, chain.
  using Chain = std::tuple<std::string, std::string, std::string>;
  static Chain chain_of(const nft::TraceEvent& event) {
    return {event.family, event.table, event.chain};
  }

  nft::Socket socket_;
  std::map<Chain, std::map<std::uint64_t, nft::Rule>> own_{};
  std::map<Chain, std::map<std::uint64_t, std::string>> filter_{};
};

}  // namespace netctl::command

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/batch.hpp"
#include "runtime-core/nft/mnl_socket.hpp"
#include "runtime-core/nft/types.hpp"

namespace netctl::nft {

// Why a transaction was refused: the first change that the kernel named, and its reason. A change
// index of nothing: the transaction as a whole.
struct Refusal {
  std::optional<std::size_t> change{};
  Error error{};
};

// A conversation with nf_tables about the ruleset of ONE network namespace: the one that the thread
// was in when the socket was opened.
class Socket {
 public:
  static Result<Socket> open();

  int fd() const;  // to ask which namespace it is in; the conversation is this class' own

  // Makes all changes in one transaction, or none. The error says which change the kernel refused,
  // in nft's words, and why: "create element inet netctl publish4_any { tcp . 8080 … }: File
  // exists". With a `generation` (see below) the kernel refuses with TryAgain when anything at all
  // in the ruleset has changed since: look, decide, and change only if it still holds.
  Status apply(const Batch& batch, std::optional<std::uint32_t> generation = {});
  // The same; nothing is returned when it succeeded. Fails itself only when the kernel could not be
  // asked.
  Result<std::optional<Refusal>> try_apply(const Batch& batch,
                                           std::optional<std::uint32_t> generation = {});

  // Number of the ruleset's current state (NFT_MSG_GETGEN); grows with each transaction of anybody.
  Result<std::uint32_t> generation();

  Result<bool> has_table(const Table& table);
  // How many rules are in a chain and rules and elements lead to it, together (NFTA_CHAIN_USE);
  // nothing when there is no such chain.
  Result<std::optional<std::uint32_t>> chain_use(const Table& table, const std::string& chain);
  // A chain of a table that iptables keeps, with its rules; nothing when there is none.
  Result<std::optional<FilterChain>> find_filter_chain(const Table& table,
                                                       const std::string& chain);
  // Names of the chains, in the kernel's order; empty when there is no such table.
  Result<std::vector<std::string>> chains(const Table& table);
  // All elements of a set or map, in no particular order; NotFound when there is no such set.
  Result<std::vector<Element>> elements(const Table& table, const Set& set);
  // The one element with this key, without listing the others; nothing when there is none. Of a set
  // with ranges it is the one that has the key, or the key's beginning, in it.
  Result<std::optional<Element>> find_element(const Table& table, const Set& set,
                                              const std::vector<Datum>& key);

 private:
  explicit Socket(MnlSocket socket) : socket_(std::move(socket)) {}

  std::uint32_t take_sequence(std::size_t count = 1);

  MnlSocket socket_;
  std::uint32_t next_sequence_ = 1;  // tells the answers of one request from another's
};

}  // namespace netctl::nft

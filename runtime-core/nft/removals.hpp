#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/notifications.hpp"
#include "runtime-core/nft/types.hpp"

// Who takes something out of a table, told by the kernel as it happens (NFNLGRP_NFTABLES).
namespace netctl::nft {

// One transaction that removed elements, rules, chains or sets of a table, or the table itself. In
// iptables' tables (ip, ip6) one that changed a chain too: its policy may drop now.
struct Removal {
  Table table;
  // The name of the process that asked for it, as in /proc/PID/comm: at most 15 bytes.
  std::string program{};

  bool is_of(const Table& other) const {
    return table.name == other.name && table.family == other.family;
  }
};

// Reads notifications. The messages of one transaction follow each other, and the last one
// (NFT_MSG_NEWGEN) says who made it, so a transaction is told when that one has come; tables of
// other families than ours are passed over.
class RemovalReader {
 public:
  // `received` are whole messages, aligned to four bytes; one that is cut short ends the reading.
  std::vector<Removal> read(std::span<const std::uint8_t> received);
  // Some messages are lost.
  void forget() { tables_.clear(); }

 private:
  std::vector<Table> tables_;  // that the transaction which is being read has removed from
};

// Notifications about ONE network namespace: the one that the thread was in when it was opened.
class RemovalWatch {
 public:
  static Result<RemovalWatch> open();

  // To be waited for with poll(2): readable when there is something to read().
  int fd() const { return notifications_.fd(); }

  struct News {
    std::vector<Removal> removals{};
    bool overrun = false;  // more came than there was room for: anything may be gone
  };
  // All that has come since open() or the last call; never waits.
  Result<News> read();

 private:
  explicit RemovalWatch(Notifications notifications) : notifications_(std::move(notifications)) {}

  Notifications notifications_;
  RemovalReader reader_;
};

}  // namespace netctl::nft

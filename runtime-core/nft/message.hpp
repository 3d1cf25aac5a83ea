#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/batch.hpp"
#include "runtime-core/nft/data.hpp"
#include "runtime-core/nft/types.hpp"

struct nlmsghdr;  // linux/netlink.h

// Inside this directory only: what goes over the socket, as pure functions of values and bytes.
// A transaction is one datagram of these messages, each with a sequence number of its own by which
// an error finds back to its change (include/uapi/linux/netfilter/nfnetlink.h):
//
//   +-------------+----------+----------+-   -+-----------+
//   | BATCH_BEGIN | change 0 | change 1 | ... | BATCH_END |
//   +-------------+----------+----------+-   -+-----------+
namespace netctl::nft {

// ---- Requests; each function gives whole messages, header included.

// With a generation the kernel refuses the transaction when the ruleset has another one (ERESTART).
Bytes encode_begin(std::uint32_t sequence, std::optional<std::uint32_t> generation);
Bytes encode_end(std::uint32_t sequence);
// The kernel reports a change that fails in any case, one that succeeds when `acknowledge` is set.
// InvalidArgument when the change makes no sense or does not fit. `sequence` must not be 0.
Result<Bytes> encode(const Change& change, std::uint32_t sequence, bool acknowledge);

Bytes encode_get_generation(std::uint32_t sequence);
Result<Bytes> encode_get_table(const Table& table, std::uint32_t sequence);
Result<Bytes> encode_get_chain(const Table& table, const std::string& chain,
                               std::uint32_t sequence);
Result<Bytes> encode_list_rules(const Table& table, const std::string& chain,
                                std::uint32_t sequence);
// Of all tables of that family: the kernel has no filter for it.
Bytes encode_list_chains(TableFamily family, std::uint32_t sequence);
Result<Bytes> encode_list_elements(const Table& table, const std::string& set,
                                   std::uint32_t sequence);
Result<Bytes> encode_get_element(const Table& table, const std::string& set,
                                 const std::vector<Datum>& key, std::uint32_t sequence);

// ---- Replies.

// What was received, sorted.
struct Reply {
  struct Refused {
    std::uint32_t sequence = 0;  // of the request's message that was refused
    int number = 0;              // errno, positive
  };
  std::optional<Refused> refused{};         // the first one
  bool finished = false;                    // acknowledged, or the end of a listing was seen
  bool interrupted = false;                 // the ruleset changed while it was listed
  std::vector<const nlmsghdr*> contents{};  // the other messages; they lie in what was received
};

// Takes the next message off the front of what was received, which is aligned to four bytes;
// nullptr when what is left does not begin with a whole one.
const nlmsghdr* take_message(std::span<const std::uint8_t>& received);

// The errno in a message of type NLMSG_ERROR or NLMSG_DONE; 0: an acknowledgement, or the end.
int error_number(const nlmsghdr* message);

// Looks at the messages that answer the sequence numbers `first` to `last`. `received` are whole
// messages, aligned to four bytes; one that is cut short ends the reading.
Reply parse_reply(std::span<const std::uint8_t> received, std::uint32_t first, std::uint32_t last);

// Each gives nothing for a message that is about something else.
std::optional<std::uint32_t> decode_generation(const nlmsghdr* message);
std::optional<std::uint32_t> decode_chain_use(const nlmsghdr* message);
std::optional<std::string> decode_chain_name(const nlmsghdr* message, const std::string& table);

// A chain of such a table, its rules not yet among them.
std::optional<FilterChain> decode_filter_chain(const nlmsghdr* message);
std::optional<FilterRule> decode_filter_rule(const nlmsghdr* message, const Table& table,
                                             const std::string& chain);

// The elements in one message; `set` tells the types. InvalidArgument when they do not fit.
Result<std::vector<Element>> decode_elements(const nlmsghdr* message, const Set& set);

}  // namespace netctl::nft

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/notifications.hpp"

// A packet's way through all chains of a namespace, told by the kernel (NFNLGRP_NFTRACE): each rule
// that did something to a packet which a rule with TraceOn had matched before, and the policy where
// none did.
namespace netctl::nft {

// A packet as a chain saw it.
struct TracedPacket {
  IpAddress source{};
  IpAddress destination{};
  std::uint8_t protocol = 0;      // IPPROTO_*
  std::uint16_t source_port = 0;  // host byte order; 0 where the protocol has none
  std::uint16_t dest_port = 0;
  std::uint8_t icmp_type = 0;
  std::uint16_t echo_id = 0;   // of ICMP's echoes
  std::uint8_t tcp_flags = 0;  // TH_* of netinet/tcp.h
  std::uint32_t in_link = 0;   // number of the interface; 0: none
  std::uint32_t out_link = 0;
  bool operator==(const TracedPacket&) const = default;
};

struct TraceEvent {
  enum class Kind {
    Rule,    // a rule was met by the packet, and did this
    Return,  // the end of a chain that another one led to
    Policy,  // the end of a base chain
  };
  Kind kind = Kind::Rule;
  std::uint32_t packet_id = 0;  // the same in all events of a packet
  std::string family{};         // of the table: "inet", "bridge"
  std::string table{};
  std::string chain{};
  std::uint64_t rule = 0;  // its handle, as `nft -a list` shows it
  std::string verdict{};   // "accept", "drop", "continue", "jump publish", …
  // In a packet's first event in each base chain.
  std::optional<TracedPacket> packet{};
};

// Nothing when the message is about something else.
std::optional<TraceEvent> decode_trace(std::span<const std::uint8_t> message);

// Of ONE network namespace: the one that the thread was in when it was opened.
class TraceWatch {
 public:
  static Result<TraceWatch> open();

  // To be waited for with poll(2).
  int fd() const { return notifications_.fd(); }

  // What has come since open() or the last call, in order; never waits. Exhausted when more came
  // than there was room for.
  Result<std::vector<TraceEvent>> read();

 private:
  explicit TraceWatch(Notifications notifications) : notifications_(std::move(notifications)) {}

  Notifications notifications_;
};

}  // namespace netctl::nft

// What the kernel sends. Another program may send to a netlink socket as well, and a kernel newer
// than ours sends what nobody here has seen.
#include <linux/netlink.h>

#include <cstring>
#include <string>

#include "runtime-core/attach/bus_message.hpp"
#include "runtime-core/attach/iptables_legacy.hpp"
#include "runtime-core/diag/message.hpp"
#include "runtime-core/nft/conntrack_message.hpp"
#include "runtime-core/nft/message.hpp"
#include "runtime-core/nft/removals.hpp"
#include "runtime-core/nft/trace.hpp"
#include "runtime-core/rtnl/parse.hpp"
#include "tests/fuzz/target.hpp"

namespace netctl::fuzz {
namespace {

void feed_rtnl(Bytes input) {
  std::span<const std::byte> datagram = std::as_bytes(input);
  while (const auto message = rtnl::take_message(datagram)) {
    rtnl::header_of(*message);
    // A message is not always what it is taken for.
    rtnl::parse_ack(*message).has_value();
    rtnl::parse_link(*message).has_value();
    rtnl::parse_address(*message).has_value();
    rtnl::parse_route(*message).has_value();
    rtnl::parse_neighbour(*message).has_value();
    rtnl::parse_vlans(*message).has_value();
  }
}

// The bytes in a buffer of their own, aligned as one is that the kernel writes into.
class Received {
 public:
  explicit Received(Bytes input) : words_((input.size() + 3) / 4), size_(input.size()) {
    if (!input.empty()) std::memcpy(words_.data(), input.data(), input.size());
  }
  Bytes bytes() const { return {reinterpret_cast<const std::uint8_t*>(words_.data()), size_}; }
  // Those that answer any request.
  std::vector<const nlmsghdr*> messages() const {
    return nft::parse_reply(bytes(), 0, 0xffffffffU).contents;
  }

 private:
  std::vector<std::uint32_t> words_;
  std::size_t size_;
};

void feed_nft(Bytes input) {
  using nft::Type;
  static const nft::Set sets[] = {
      {.name = "publish4",
       .key = {Type::Ipv4Addr, Type::InetProto, Type::InetService},
       .data = {Type::Ipv4Addr, Type::InetService}},
      {.name = "publish6_range",
       .key = {Type::InetProto, Type::InetService},
       .data = {Type::Ipv6Addr},
       .ranges = true},
      {.name = "masquerade4", .key = {Type::Ipv4Addr}, .data = {Type::Verdict}},
      {.name = "allowed", .key = {Type::IfName, Type::EtherAddr}}};
  const Received received(input);
  for (const nlmsghdr* message : received.messages()) {
    nft::decode_generation(message);
    nft::decode_chain_use(message);
    nft::decode_chain_name(message, "netctl");
    nft::decode_filter_chain(message);
    nft::decode_filter_rule(message, nft::Table("filter", nft::TableFamily::Ip), "FORWARD");
    for (const nft::Set& set : sets) nft::decode_elements(message, set).has_value();
  }
  nft::RemovalReader().read(received.bytes());
}

void feed_trace(Bytes input) {
  const Received received(input);
  nft::decode_trace(received.bytes());
}

void feed_conntrack(Bytes input) {
  const Received received(input);
  for (const nlmsghdr* message : received.messages()) {
    const auto connection = nft::decode_connection(message);
    if (connection) nft::encode_delete_connection(*connection, 1);
  }
}

void feed_sock_diag(Bytes input) {
  const Received received(input);
  for (const nlmsghdr* message : received.messages()) {
    const auto listener = diag::decode_listener(message, Protocol::Tcp);
    if (listener) listener->takes(IpAddress::v4(10, 0, 0, 1));
  }
}

// Two numbers of a table of iptables' older variant, and its entries.
void feed_iptables_legacy(Bytes input) {
  attach::LegacyTable table;
  constexpr std::size_t kNumbers = 2 * sizeof(std::uint32_t);
  if (input.size() < kNumbers) return;
  std::memcpy(&table.forward_start, input.data(), sizeof table.forward_start);
  std::memcpy(&table.forward_policy, input.data() + sizeof table.forward_start,
              sizeof table.forward_policy);
  const Received entries(input.subspan(kNumbers));
  table.entries = entries.bytes();
  for (const Family family : {Family::V4, Family::V6}) {
    attach::parse_legacy_table(family, table).has_value();
  }
}

// Of the message bus.
void feed_bus_message(Bytes input) {
  const std::string_view text = text_of(input);
  const auto length = attach::bus::length_of(text.substr(0, attach::bus::kStart));
  if (!length) return;
  require(*length >= attach::bus::kStart, "a message is no shorter than its start");
  attach::bus::parse(text.substr(0, *length)).has_value();
}

}  // namespace

const std::vector<Target>& kernel_messages() {
  static const std::vector<Target> all = {{"bus-message", feed_bus_message},
                                          {"conntrack", feed_conntrack},
                                          {"iptables-legacy", feed_iptables_legacy},
                                          {"nft", feed_nft},
                                          {"nft-trace", feed_trace},
                                          {"rtnl", feed_rtnl},
                                          {"sock-diag", feed_sock_diag}};
  return all;
}

}  // namespace netctl::fuzz

#include "runtime-core/nft/trace.hpp"

#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <libmnl/libmnl.h>
#include <libnftnl/trace.h>

#include "runtime-core/nft/data.hpp"
#include "runtime-core/nft/message.hpp"
#include "runtime-core/nft/owners.hpp"

namespace netctl::nft {
namespace {

using Span = std::span<const std::uint8_t>;

Span bytes_in(const nftnl_trace* trace, std::uint16_t attribute) {
  if (!nftnl_trace_is_set(trace, attribute)) return {};
  std::uint32_t length = 0;
  const void* const data = nftnl_trace_get_data(trace, attribute, &length);
  return {static_cast<const std::uint8_t*>(data), length};
}

std::string text_in(const nftnl_trace* trace, std::uint16_t attribute) {
  return nftnl_trace_is_set(trace, attribute) ? nftnl_trace_get_str(trace, attribute) : "";
}

std::uint32_t number_in(const nftnl_trace* trace, std::uint16_t attribute) {
  return nftnl_trace_is_set(trace, attribute) ? nftnl_trace_get_u32(trace, attribute) : 0;
}

std::uint16_t number_at(Span header, std::size_t at) {  // in network order
  return static_cast<std::uint16_t>(header[at] << 8U | header[at + 1]);
}

// Addresses and protocol; false when it is no whole header of IPv4 or IPv6.
bool read_network_header(Span header, TracedPacket& packet) {
  const bool v4 = header.size() >= 20 && header[0] >> 4U == 4;
  const bool v6 = header.size() >= 40 && header[0] >> 4U == 6;
  if (!v4 && !v6) return false;
  packet.protocol = header[v4 ? 9 : 6];
  packet.source = IpAddress::from_bytes(v4 ? header.subspan(12, 4) : header.subspan(8, 16));
  packet.destination = IpAddress::from_bytes(v4 ? header.subspan(16, 4) : header.subspan(24, 16));
  return true;
}

void read_transport_header(Span header, TracedPacket& packet) {
  constexpr std::size_t kTcpFlags = 13;
  constexpr std::size_t kEchoId = 4;
  if (header.size() < 6) return;
  switch (packet.protocol) {
    case IPPROTO_TCP:
      if (header.size() > kTcpFlags) packet.tcp_flags = header[kTcpFlags];
      [[fallthrough]];
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
      packet.source_port = number_at(header, 0);
      packet.dest_port = number_at(header, 2);
      return;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      packet.icmp_type = header[0];
      packet.echo_id = number_at(header, kEchoId);
      return;
    default:
      return;
  }
}

std::optional<TracedPacket> packet_in(const nftnl_trace* trace) {
  TracedPacket packet{.in_link = number_in(trace, NFTNL_TRACE_IIF),
                      .out_link = number_in(trace, NFTNL_TRACE_OIF)};
  if (!read_network_header(bytes_in(trace, NFTNL_TRACE_NETWORK_HEADER), packet)) return {};
  read_transport_header(bytes_in(trace, NFTNL_TRACE_TRANSPORT_HEADER), packet);
  return packet;
}

std::string verdict_text(std::uint32_t number, const std::string& chain) {
  if (const auto verdict = decode_verdict(number, chain)) return to_text(*verdict);
  switch (static_cast<std::int32_t>(number)) {
    case NFT_CONTINUE:
    case NFT_BREAK:
      return "continue";
    case NF_STOLEN:
      return "stolen";
    case NF_QUEUE:
      return "queue";
    default:
      return format("verdict {}", static_cast<std::int32_t>(number));
  }
}

}  // namespace

std::optional<TraceEvent> decode_trace(Span message) {
  const nlmsghdr* const header = take_message(message);
  if (header == nullptr || header->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_TRACE)) {
    return std::nullopt;
  }
  const auto trace = owned<TracePtr>(nftnl_trace_alloc());
  if (nftnl_trace_nlmsg_parse(header, trace.get()) < 0) return std::nullopt;
  const nftnl_trace* const given = trace.get();
  TraceEvent event{.packet_id = number_in(given, NFTNL_TRACE_ID),
                   .family = family_name(number_in(given, NFTNL_TRACE_FAMILY)),
                   .table = text_in(given, NFTNL_TRACE_TABLE),
                   .chain = text_in(given, NFTNL_TRACE_CHAIN),
                   .packet = packet_in(given)};
  switch (number_in(given, NFTNL_TRACE_TYPE)) {
    case NFT_TRACETYPE_RULE:
      if (nftnl_trace_is_set(given, NFTNL_TRACE_RULE_HANDLE)) {
        event.rule = nftnl_trace_get_u64(given, NFTNL_TRACE_RULE_HANDLE);
      }
      event.verdict = verdict_text(number_in(given, NFTNL_TRACE_VERDICT),
                                   text_in(given, NFTNL_TRACE_JUMP_TARGET));
      return event;
    case NFT_TRACETYPE_RETURN:
      event.kind = TraceEvent::Kind::Return;
      event.verdict = "return";
      return event;
    case NFT_TRACETYPE_POLICY:
      event.kind = TraceEvent::Kind::Policy;
      event.verdict = verdict_text(number_in(given, NFTNL_TRACE_POLICY), "");
      return event;
    default:
      return std::nullopt;
  }
}

Result<TraceWatch> TraceWatch::open() {
  return TraceWatch(TRY(Notifications::open(NFNLGRP_NFTRACE)));
}

Result<std::vector<TraceEvent>> TraceWatch::read() {
  std::vector<TraceEvent> events;
  bool is_whole = true;
  const auto take = [&](Span received) {
    while (const nlmsghdr* const message = take_message(received)) {
      auto event =
          decode_trace({reinterpret_cast<const std::uint8_t*>(message), message->nlmsg_len});
      if (event) events.push_back(*std::move(event));
    }
  };
  TRY(notifications_.read(take, [&] { is_whole = false; }));
  if (is_whole) return events;
  return fail(Errc::Exhausted, "the kernel told more of packets than there was room for");
}

}  // namespace netctl::nft

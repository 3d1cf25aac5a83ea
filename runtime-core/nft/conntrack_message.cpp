#include "runtime-core/nft/conntrack_message.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <span>

#include <libmnl/libmnl.h>

namespace netctl::nft {
namespace {

// Which parts of the tuple a filter looks at (net/netfilter/nf_internals.h; in no header for
// programs, but what libnetfilter_conntrack sends too).
constexpr std::uint32_t kByDestination = 1U << 1U;
constexpr std::uint32_t kByProtocol = 1U << 3U;
constexpr std::uint32_t kByDestinationPort = 1U << 5U;

constexpr std::size_t kMaxRequestLength = 512;

std::uint8_t socket_family(Family family) { return family == Family::V4 ? AF_INET : AF_INET6; }

// One message; `fill` adds the attributes, which are far fewer than there is room for.
template <class Fill>
Bytes message(Family family, int kind, int flags, std::uint32_t sequence, Fill fill) {
  alignas(nlmsghdr) std::array<std::uint8_t, kMaxRequestLength> buffer{};
  nlmsghdr* const header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_CTNETLINK << 8) | kind);
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  auto* const more =
      static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg)));
  more->nfgen_family = socket_family(family);
  more->version = NFNETLINK_V0;
  fill(header);
  return {buffer.begin(), buffer.begin() + header->nlmsg_len};
}

template <class Fill>
void nest(nlmsghdr* header, int type, Fill fill) {
  nlattr* const start = mnl_attr_nest_start(header, static_cast<std::uint16_t>(type));
  fill();
  mnl_attr_nest_end(header, start);
}

void put_address(nlmsghdr* header, int type_v4, int type_v6, const IpAddress& address) {
  const auto bytes = address.bytes();
  mnl_attr_put(header, static_cast<std::uint16_t>(address.is_v4() ? type_v4 : type_v6),
               bytes.size(), bytes.data());
}

void put_port(nlmsghdr* header, int type, std::uint16_t port) {
  mnl_attr_put_u16(header, static_cast<std::uint16_t>(type), htons(port));
}

void put_tuple(nlmsghdr* header, const Tuple& tuple) {
  nest(header, CTA_TUPLE_ORIG, [&] {
    nest(header, CTA_TUPLE_IP, [&] {
      put_address(header, CTA_IP_V4_SRC, CTA_IP_V6_SRC, tuple.source);
      put_address(header, CTA_IP_V4_DST, CTA_IP_V6_DST, tuple.destination);
    });
    nest(header, CTA_TUPLE_PROTO, [&] {
      mnl_attr_put_u8(header, CTA_PROTO_NUM, static_cast<std::uint8_t>(tuple.protocol));
      put_port(header, CTA_PROTO_SRC_PORT, tuple.source_port);
      put_port(header, CTA_PROTO_DST_PORT, tuple.destination_port);
    });
  });
}

// The attributes of one level by their number; a number beyond the last one is passed over.
template <std::size_t Count>
using Attributes = std::array<const nlattr*, Count>;

template <std::size_t Count>
Attributes<Count> attributes_in(const void* start, std::size_t length) {
  Attributes<Count> found{};
  const auto* attribute = static_cast<const nlattr*>(start);
  int left = static_cast<int>(length);
  while (mnl_attr_ok(attribute, left)) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type < Count) found[type] = attribute;
    left -= static_cast<int>(MNL_ALIGN(attribute->nla_len));
    attribute = mnl_attr_next(attribute);
  }
  return found;
}

template <std::size_t Count>
Attributes<Count> attributes_in(const nlattr* nested) {
  if (nested == nullptr) return {};
  return attributes_in<Count>(mnl_attr_get_payload(nested), mnl_attr_get_payload_len(nested));
}

std::optional<std::span<const std::uint8_t>> bytes_of(const nlattr* attribute, std::size_t size) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != size) return std::nullopt;
  return std::span(static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)), size);
}

// A number in network order; 0 where there is none.
std::uint32_t number_in(const nlattr* attribute, std::size_t size) {
  const auto bytes = bytes_of(attribute, size);
  std::uint32_t number = 0;
  if (bytes) {
    for (const std::uint8_t byte : *bytes) number = (number << 8U) | byte;
  }
  return number;
}

std::optional<IpAddress> address_in(const Attributes<CTA_IP_MAX + 1>& found, int type_v4,
                                    int type_v6) {
  if (const auto v4 = bytes_of(found[static_cast<std::size_t>(type_v4)], 4)) {
    return IpAddress::from_bytes(*v4);
  }
  if (const auto v6 = bytes_of(found[static_cast<std::size_t>(type_v6)], 16)) {
    return IpAddress::from_bytes(*v6);
  }
  return std::nullopt;
}

std::optional<Protocol> protocol_of(std::uint32_t number) {
  for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp}) {
    if (static_cast<std::uint32_t>(protocol) == number) return protocol;
  }
  return std::nullopt;
}

std::optional<Tuple> tuple_in(const nlattr* nested) {
  const auto parts = attributes_in<CTA_TUPLE_MAX + 1>(nested);
  const auto addresses = attributes_in<CTA_IP_MAX + 1>(parts[CTA_TUPLE_IP]);
  const auto ports = attributes_in<CTA_PROTO_MAX + 1>(parts[CTA_TUPLE_PROTO]);
  const auto source = address_in(addresses, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  const auto destination = address_in(addresses, CTA_IP_V4_DST, CTA_IP_V6_DST);
  const auto protocol = protocol_of(number_in(ports[CTA_PROTO_NUM], 1));
  if (!source || !destination || !protocol) return std::nullopt;
  return Tuple{
      .source = *source,
      .destination = *destination,
      .protocol = *protocol,
      .source_port = static_cast<std::uint16_t>(number_in(ports[CTA_PROTO_SRC_PORT], 2)),
      .destination_port = static_cast<std::uint16_t>(number_in(ports[CTA_PROTO_DST_PORT], 2))};
}

}  // namespace

Bytes encode_list_connections(const ConnectionFilter& filter, std::uint32_t sequence) {
  std::uint32_t flags = kByProtocol;
  if (filter.port) flags |= kByDestinationPort;
  if (filter.address) flags |= kByDestination;
  return message(filter.family, IPCTNL_MSG_CT_GET, NLM_F_DUMP, sequence, [&](nlmsghdr* header) {
    nest(header, CTA_TUPLE_ORIG, [&] {
      if (filter.address) {
        nest(header, CTA_TUPLE_IP,
             [&] { put_address(header, CTA_IP_V4_DST, CTA_IP_V6_DST, *filter.address); });
      }
      nest(header, CTA_TUPLE_PROTO, [&] {
        mnl_attr_put_u8(header, CTA_PROTO_NUM, static_cast<std::uint8_t>(filter.protocol));
        if (filter.port) put_port(header, CTA_PROTO_DST_PORT, *filter.port);
      });
    });
    nest(header, CTA_FILTER, [&] { mnl_attr_put_u32(header, CTA_FILTER_ORIG_FLAGS, flags); });
  });
}

Bytes encode_delete_connection(const Connection& connection, std::uint32_t sequence) {
  return message(connection.original.source.family(), IPCTNL_MSG_CT_DELETE, NLM_F_ACK, sequence,
                 [&](nlmsghdr* header) {
                   put_tuple(header, connection.original);
                   mnl_attr_put_u32(header, CTA_ID, htonl(connection.id));
                   if (connection.zone != 0) put_port(header, CTA_ZONE, connection.zone);
                 });
}

std::optional<Connection> decode_connection(const nlmsghdr* message) {
  if (message->nlmsg_type != ((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW) ||
      message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(nfgenmsg)) {
    return std::nullopt;
  }
  const auto found =
      attributes_in<CTA_MAX + 1>(mnl_nlmsg_get_payload_offset(message, sizeof(nfgenmsg)),
                                 mnl_nlmsg_get_payload_len(message) - MNL_ALIGN(sizeof(nfgenmsg)));
  const auto original = tuple_in(found[CTA_TUPLE_ORIG]);
  const auto reply = tuple_in(found[CTA_TUPLE_REPLY]);
  if (!original || !reply) return std::nullopt;
  return Connection{.original = *original,
                    .reply = *reply,
                    .zone = static_cast<std::uint16_t>(number_in(found[CTA_ZONE], 2)),
                    .id = number_in(found[CTA_ID], 4)};
}

bool matches(const ConnectionFilter& filter, const Connection& connection) {
  const Tuple& original = connection.original;
  return original.destination.family() == filter.family && original.protocol == filter.protocol &&
         (!filter.port || original.destination_port == *filter.port) &&
         (!filter.address || original.destination == *filter.address);
}

}  // namespace netctl::nft

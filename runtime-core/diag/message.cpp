#include "runtime-core/diag/message.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace netctl::diag {
namespace {

// Numbers of states, the same for all protocols (include/net/tcp_states.h). A UDP socket is closed
// until it is connected.
constexpr unsigned kClosed = 7;
constexpr unsigned kListening = 10;

// ::ffff:0:0/96
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// An IPv4 address comes in the first four bytes, or mapped into IPv6 when that is the socket's.
IpAddress address_of(const inet_diag_msg& socket) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(socket.id.idiag_src);
  if (socket.idiag_family == AF_INET) return IpAddress::from_bytes({bytes, 4});
  if (std::equal(kMapped.begin(), kMapped.end(), bytes)) {
    return IpAddress::from_bytes({bytes + kMapped.size(), 4});
  }
  return IpAddress::from_bytes({bytes, 16});
}

// Whether the attributes behind the socket say that it takes IPv6 only.
bool is_v6_only(std::span<const std::uint8_t> attributes) {
  while (attributes.size() >= sizeof(nlattr)) {
    nlattr header{};
    std::memcpy(&header, attributes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > attributes.size()) return false;
    if ((header.nla_type & NLA_TYPE_MASK) == INET_DIAG_SKV6ONLY) {
      return header.nla_len > sizeof header && attributes[sizeof header] != 0;
    }
    attributes =
        attributes.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), attributes.size()));
  }
  return false;
}

}  // namespace

std::vector<std::uint8_t> encode_list(Family family, Protocol protocol,
                                      std::optional<std::uint16_t> port) {
  struct {
    nlmsghdr header{};
    inet_diag_req_v2 request{};
  } message;
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message.request.sdiag_family = family == Family::V4 ? AF_INET : AF_INET6;
  message.request.sdiag_protocol = static_cast<std::uint8_t>(protocol);
  message.request.idiag_states = 1U << (protocol == Protocol::Udp ? kClosed : kListening);
  if (port) message.request.id.idiag_sport = htons(*port);
  std::vector<std::uint8_t> bytes(sizeof message);
  std::memcpy(bytes.data(), &message, sizeof message);
  return bytes;
}

std::optional<Listener> decode_listener(const nlmsghdr* message, Protocol protocol) {
  constexpr std::size_t kFixed = NLMSG_HDRLEN + sizeof(inet_diag_msg);
  if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY || message->nlmsg_len < kFixed) {
    return std::nullopt;
  }
  const auto* const start = reinterpret_cast<const std::uint8_t*>(message);
  inet_diag_msg socket{};
  std::memcpy(&socket, start + NLMSG_HDRLEN, sizeof socket);
  const IpAddress address = address_of(socket);
  const bool any_v6 = !address.is_v4() && address.is_unspecified();
  return Listener{.protocol = protocol,
                  .address = address,
                  .port = ntohs(socket.id.idiag_sport),
                  .v4_too = any_v6 && !is_v6_only({start + kFixed, message->nlmsg_len - kFixed}),
                  .inode = socket.idiag_inode};
}

}  // namespace netctl::diag

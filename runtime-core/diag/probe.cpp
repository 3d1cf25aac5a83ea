#include "runtime-core/diag/probe.hpp"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <system_error>

#include <array>
#include <cerrno>
#include <cstring>

namespace netctl::diag {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  std::uint16_t port() const {  // at the same place in both families
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress made;
  if (address.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&made.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    std::memcpy(&in->sin_addr, address.bytes().data(), sizeof in->sin_addr);
    made.length = sizeof *in;
  } else {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&made.storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    std::memcpy(&in6->sin6_addr, address.bytes().data(), sizeof in6->sin6_addr);
    made.length = sizeof *in6;
  }
  return made;
}

int open_socket(ProbeKind kind, bool v4) {
  const int family = v4 ? AF_INET : AF_INET6;
  constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  switch (kind) {
    case ProbeKind::Tcp:
      return ::socket(family, SOCK_STREAM | kFlags, IPPROTO_TCP);
    case ProbeKind::Udp:
      return ::socket(family, SOCK_DGRAM | kFlags, IPPROTO_UDP);
    case ProbeKind::Echo:
      return ::socket(family, SOCK_RAW | kFlags, v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6});
  }
  return -1;
}

// The two headers are alike: type, code, checksum, identifier, sequence.
constexpr std::size_t kEchoLength = 8;
using EchoMessage = std::array<std::uint8_t, kEchoLength>;

// RFC 792 and 4443; the kernel fills in the checksum of ICMPv6 itself.
EchoMessage echo_request(std::uint16_t id, bool v4) {
  EchoMessage message{};
  message[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  message[4] = static_cast<std::uint8_t>(id >> 8U);
  message[5] = static_cast<std::uint8_t>(id & 0xffU);
  message[7] = 1;
  if (!v4) return message;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < message.size(); i += 2) {
    sum += static_cast<std::uint32_t>(message[i] << 8U | message[i + 1]);
  }
  sum = ~((sum & 0xffffU) + (sum >> 16U));
  message[2] = static_cast<std::uint8_t>(sum >> 8U & 0xffU);
  message[3] = static_cast<std::uint8_t>(sum & 0xffU);
  return message;
}

// `packet` begins with the IPv4 header, but with none of IPv6 (raw(7), RFC 3542).
bool is_echo_reply(std::span<const std::uint8_t> packet, std::uint16_t id, bool v4) {
  if (v4) {
    const std::size_t header = packet.empty() ? 0 : (packet[0] & 0x0fU) * 4U;
    if (packet.size() < header) return false;
    packet = packet.subspan(header);
  }
  if (packet.size() < kEchoLength) return false;
  return packet[0] == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
         (packet[4] << 8U | packet[5]) == id;
}

Probe::Outcome failure(int number) {
  if (number == ECONNREFUSED) return {.answered = true, .text = "refused: nothing listens there"};
  return {.answered = false, .text = std::system_category().message(number)};
}

}  // namespace

Result<Probe> Probe::open(ProbeKind kind, const IpAddress& destination, std::uint16_t port) {
  const bool v4 = destination.is_v4();
  UniqueFd socket(open_socket(kind, v4));
  if (!socket) return system_error(errno, "open a socket for the probe");
  // Errors that routers send come to the socket (ip(7)).
  const int on = 1;
  ::setsockopt(socket.get(), v4 ? SOL_IP : SOL_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &on,
               sizeof on);
  Probe probe(std::move(socket), kind, destination, port);
  if (kind == ProbeKind::Echo) {
    if (::getrandom(&probe.mark_, sizeof probe.mark_, 0) < 0) {
      return system_error(errno, "choose an identifier");
    }
    return probe;
  }
  SocketAddress any = socket_address(IpAddress::unspecified(destination.family()), 0);
  if (::bind(probe.fd(), any.get(), any.length) != 0 ||
      ::getsockname(probe.fd(), any.get(), &any.length) != 0) {
    return system_error(errno, "choose a source port");
  }
  probe.mark_ = any.port();
  return probe;
}

Result<std::optional<Probe::Outcome>> Probe::send() {
  SocketAddress to = socket_address(destination_, kind_ == ProbeKind::Echo ? 0 : port_);
  if (::connect(fd(), to.get(), to.length) != 0 && errno != EINPROGRESS) return {failure(errno)};
  ssize_t sent = 0;
  if (kind_ == ProbeKind::Udp) sent = ::send(fd(), nullptr, 0, MSG_NOSIGNAL);
  if (kind_ == ProbeKind::Echo) {
    const EchoMessage message = echo_request(mark_, destination_.is_v4());
    sent = ::send(fd(), message.data(), message.size(), MSG_NOSIGNAL);
  }
  if (sent < 0) return {failure(errno)};
  return std::optional<Outcome>{};
}

short Probe::poll_events() const { return kind_ == ProbeKind::Tcp ? POLLOUT : POLLIN; }

Result<std::optional<Probe::Outcome>> Probe::outcome() {
  pollfd ready{.fd = fd(), .events = poll_events(), .revents = 0};
  if (::poll(&ready, 1, 0) < 0) return system_error(errno, "look at the probe's socket");
  if (ready.revents == 0) return std::optional<Outcome>{};
  int number = 0;
  socklen_t length = sizeof number;
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &number, &length) != 0) {
    return system_error(errno, "look at the probe's socket");
  }
  if (number != 0) return {failure(number)};
  if (kind_ == ProbeKind::Tcp) {
    return {Outcome{.answered = true, .text = "the connection was accepted"}};
  }
  return read_answer();
}

Result<std::optional<Probe::Outcome>> Probe::read_answer() {
  std::array<std::uint8_t, 2048> packet;
  while (true) {
    const ssize_t length = ::recv(fd(), packet.data(), packet.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return std::optional<Outcome>{};
    if (length < 0) return {failure(errno)};
    const std::span received{packet.data(), static_cast<std::size_t>(length)};
    if (kind_ == ProbeKind::Udp || is_echo_reply(received, mark_, destination_.is_v4())) {
      return {Outcome{.answered = true, .text = "there was an answer"}};
    }
  }
}

}  // namespace netctl::diag

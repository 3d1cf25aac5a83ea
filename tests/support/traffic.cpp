#include "tests/support/traffic.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "runtime-core/ns/netns.hpp"

namespace netctl::test {
namespace {

constexpr int kPatienceMs = 500;

int type_of(Transport transport) { return transport == Transport::Udp ? SOCK_DGRAM : SOCK_STREAM; }
int protocol_of(Transport transport) { return transport == Transport::Sctp ? IPPROTO_SCTP : 0; }

UniqueFd socket_in(const std::string& ns, int family, int type, int protocol = 0) {
  const auto open = [&]() -> Result<UniqueFd> {
    return UniqueFd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  };
  if (ns.empty()) return open().value();
  const auto netns = ns::open_netns(ns::pin_directory() + "/" + ns);
  if (!netns) {
    ADD_FAILURE() << netns.error().message;
    return UniqueFd();
  }
  return ns::run_in(netns->get(), open).value();
}

bool wait_for(int fd, short events) {
  pollfd waiting{.fd = fd, .events = events, .revents = 0};
  return ::poll(&waiting, 1, kPatienceMs) == 1 && (waiting.revents & events) != 0;
}

// After a connect(2) that is under way.
bool is_connected(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (!wait_for(fd, POLLOUT)) return false;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0;
}

std::string text_of(const sockaddr_in6& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  const std::string_view view = text.data();
  return std::string(view.starts_with("::ffff:") ? view.substr(7) : view);
}

}  // namespace

SocketAddress::SocketAddress(const std::string& address, std::uint16_t port) {
  if (address.find(':') != std::string::npos) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET6, address.c_str(), &in6->sin6_addr), 1) << address;
    family = AF_INET6;
    size = sizeof *in6;
  } else {
    auto* in = reinterpret_cast<sockaddr_in*>(&storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET, address.c_str(), &in->sin_addr), 1) << address;
    size = sizeof *in;
  }
}

bool is_available(Transport transport) {
  return static_cast<bool>(socket_in("", AF_INET, type_of(transport), protocol_of(transport)));
}

Server::Server(const std::string& ns, std::uint16_t port, Transport transport)
    : socket_(socket_in(ns, AF_INET6, type_of(transport), protocol_of(transport))),
      transport_(transport) {
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0)
      << "port " << port << ": " << std::strerror(errno);
  if (transport != Transport::Udp) {
    EXPECT_EQ(::listen(socket_.get(), 16), 0);
  }
}

std::string Server::answer() {
  if (!wait_for(socket_.get(), POLLIN)) return "";
  sockaddr_in6 peer{};
  socklen_t size = sizeof peer;
  if (transport_ != Transport::Udp) {
    const UniqueFd accepted(
        ::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    std::string seen = text_of(peer);
    if (::send(accepted.get(), seen.data(), seen.size(), MSG_NOSIGNAL) < 0) return "";
    return seen;
  }
  std::array<char, 64> question{};
  ::recvfrom(socket_.get(), question.data(), question.size(), 0, reinterpret_cast<sockaddr*>(&peer),
             &size);
  std::string seen = text_of(peer);
  ::sendto(socket_.get(), seen.data(), seen.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
  return seen;
}

std::string ask(const std::string& ns, const std::string& address, std::uint16_t port,
                Server& server) {
  const SocketAddress to(address, port);
  const UniqueFd client =
      socket_in(ns, to.family, type_of(server.transport()), protocol_of(server.transport()));
  const int connected = ::connect(client.get(), to.get(), to.size);
  if (connected != 0 && errno != EINPROGRESS) return "";
  if (server.transport() == Transport::Udp) {
    if (::send(client.get(), "?", 1, MSG_NOSIGNAL) != 1) return "";
  } else if (!is_connected(client.get())) {
    return "";
  }
  if (server.answer().empty() || !wait_for(client.get(), POLLIN)) return "";
  std::array<char, INET6_ADDRSTRLEN> answer{};
  const ssize_t got = ::recv(client.get(), answer.data(), answer.size(), 0);
  return got > 0 ? std::string(answer.data(), static_cast<std::size_t>(got)) : "";
}

Conversation::Conversation(const std::string& ns, const std::string& address, std::uint16_t port,
                           Server& server) {
  const SocketAddress to(address, port);
  client_ = socket_in(ns, to.family, SOCK_STREAM);
  const bool begun = ::connect(client_.get(), to.get(), to.size) == 0 || errno == EINPROGRESS;
  EXPECT_TRUE(begun && is_connected(client_.get())) << address << " port " << port;
  if (!wait_for(server.fd(), POLLIN)) return;
  accepted_ = UniqueFd(::accept4(server.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

bool Conversation::exchange(int times) {
  const auto pass_on = [](int from, int to) {
    char word = '?';
    return ::send(from, &word, 1, MSG_NOSIGNAL) == 1 && wait_for(to, POLLIN) &&
           ::recv(to, &word, 1, 0) == 1;
  };
  for (int i = 0; i < times; ++i) {
    if (!pass_on(client_.get(), accepted_.get())) return false;
    if (!pass_on(accepted_.get(), client_.get())) return false;
  }
  return true;
}

bool hears(const std::string& member, const std::string& sender, const std::string& group) {
  constexpr std::uint16_t kPort = 5353;
  constexpr std::string_view kLink = "eth0";
  const SocketAddress to(group, kPort);
  const bool v6 = to.family == AF_INET6;

  const UniqueFd listening = socket_in(member, to.family, SOCK_DGRAM);
  const SocketAddress any(v6 ? "::" : "0.0.0.0", kPort);
  EXPECT_EQ(::bind(listening.get(), any.get(), any.size), 0) << std::strerror(errno);
  ifreq link{};
  kLink.copy(link.ifr_name, kLink.size());
  EXPECT_EQ(::ioctl(listening.get(), SIOCGIFINDEX, &link), 0) << std::strerror(errno);
  const group_req membership{.gr_interface = static_cast<std::uint32_t>(link.ifr_ifindex),
                             .gr_group = to.storage};
  EXPECT_EQ(::setsockopt(listening.get(), v6 ? int{IPPROTO_IPV6} : int{IPPROTO_IP},
                         MCAST_JOIN_GROUP, &membership, sizeof membership),
            0)
      << std::strerror(errno);

  const UniqueFd sending = socket_in(sender, to.family, SOCK_DGRAM);
  EXPECT_EQ(::setsockopt(sending.get(), SOL_SOCKET, SO_BINDTODEVICE, kLink.data(), kLink.size()), 0)
      << std::strerror(errno);
  EXPECT_EQ(::sendto(sending.get(), "?", 1, 0, to.get(), to.size), 1) << std::strerror(errno);
  return wait_for(listening.get(), POLLIN);
}

bool pings(const std::string& ns, const std::string& address) {
  const SocketAddress to(address, 0);
  const bool v6 = to.family == AF_INET6;
  const UniqueFd socket =
      socket_in(ns, to.family, SOCK_RAW, v6 ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP});
  // Echo request, number 1 of a sequence of one; the kernel makes the checksum of an ICMPv6.
  const std::array<std::uint8_t, 8> v4_request = {ICMP_ECHO, 0, 0xf7, 0xfe, 0, 0, 0, 1};
  const std::array<std::uint8_t, 8> v6_request = {ICMP6_ECHO_REQUEST, 0, 0, 0, 0, 0, 0, 1};
  const auto& request = v6 ? v6_request : v4_request;
  if (::connect(socket.get(), to.get(), to.size) != 0) return false;
  if (::send(socket.get(), request.data(), request.size(), 0) < 0) return false;
  while (wait_for(socket.get(), POLLIN)) {
    std::array<std::uint8_t, 256> reply{};
    if (::recv(socket.get(), reply.data(), reply.size(), 0) < 0) return false;
    // A raw IPv4 socket gets the header, too, which has no options here.
    if (reply[v6 ? 0 : 20] == (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY)) return true;
  }
  return false;
}

}  // namespace netctl::test

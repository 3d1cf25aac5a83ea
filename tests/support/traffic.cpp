#include "tests/support/traffic.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "runtime-core/ns/netns.hpp"

namespace netctl::test {
namespace {

constexpr int kPatienceMs = 500;

UniqueFd socket_in(const std::string& ns, int family, Transport transport) {
  const auto open = [&]() -> Result<UniqueFd> {
    const int type = transport == Transport::Tcp ? SOCK_STREAM : SOCK_DGRAM;
    return UniqueFd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
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

std::string text_of(const sockaddr_in6& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  const std::string_view view = text.data();
  return std::string(view.starts_with("::ffff:") ? view.substr(7) : view);
}

}  // namespace

Server::Server(const std::string& ns, std::uint16_t port, Transport transport)
    : socket_(socket_in(ns, AF_INET6, transport)), transport_(transport) {
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0)
      << "port " << port << ": " << std::strerror(errno);
  if (transport == Transport::Tcp) {
    EXPECT_EQ(::listen(socket_.get(), 16), 0);
  }
}

std::string Server::answer() {
  if (!wait_for(socket_.get(), POLLIN)) return "";
  sockaddr_in6 peer{};
  socklen_t size = sizeof peer;
  if (transport_ == Transport::Tcp) {
    const UniqueFd accepted(
        ::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    const std::string seen = text_of(peer);
    if (::send(accepted.get(), seen.data(), seen.size(), MSG_NOSIGNAL) < 0) return "";
    return seen;
  }
  std::array<char, 64> question{};
  ::recvfrom(socket_.get(), question.data(), question.size(), 0, reinterpret_cast<sockaddr*>(&peer),
             &size);
  const std::string seen = text_of(peer);
  ::sendto(socket_.get(), seen.data(), seen.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
  return seen;
}

std::string ask(const std::string& ns, const std::string& address, std::uint16_t port,
                Server& server) {
  const bool v6 = address.find(':') != std::string::npos;
  const UniqueFd client = socket_in(ns, v6 ? AF_INET6 : AF_INET, server.transport());
  sockaddr_storage to{};
  socklen_t size = 0;
  if (v6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&to);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    ::inet_pton(AF_INET6, address.c_str(), &in6->sin6_addr);
    size = sizeof *in6;
  } else {
    auto* in = reinterpret_cast<sockaddr_in*>(&to);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &in->sin_addr);
    size = sizeof *in;
  }
  const int connected = ::connect(client.get(), reinterpret_cast<sockaddr*>(&to), size);
  if (connected != 0 && errno != EINPROGRESS) return "";
  if (server.transport() == Transport::Udp) {
    if (::send(client.get(), "?", 1, MSG_NOSIGNAL) != 1) return "";
  } else {
    int error = 0;
    socklen_t length = sizeof error;
    if (!wait_for(client.get(), POLLOUT)) return "";
    ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return "";
  }
  if (server.answer().empty() || !wait_for(client.get(), POLLIN)) return "";
  std::array<char, INET6_ADDRSTRLEN> answer{};
  const ssize_t got = ::recv(client.get(), answer.data(), answer.size(), 0);
  return got > 0 ? std::string(answer.data(), static_cast<std::size_t>(got)) : "";
}

}  // namespace netctl::test

#include "runtime-core/rtnl/watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace netctl::rtnl {
namespace {

unsigned group_of(Watch::What what) {
  return what == Watch::What::Links ? RTMGRP_LINK : RTMGRP_IPV6_IFADDR;
}

int milliseconds_until(Watch::Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Watch::Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

// Takes all that has come, unread. ENOBUFS says that there was more than fits: a change too. It is
// told once, before the messages that were there.
Status drain(int socket) {
  std::array<char, 512> part{};
  bool overrun = false;
  while (true) {
    const ssize_t length = ::recv(socket, part.data(), part.size(), MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return ok();
    const bool again = std::exchange(overrun, length < 0);
    if (length < 0 && (errno != ENOBUFS || again)) {
      return system_error(errno, "read notifications");
    }
  }
}

}  // namespace

Result<Watch> Watch::open(What what) {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return system_error(errno, "open notification socket");
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = group_of(what);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&groups), sizeof groups) != 0) {
    return system_error(errno, "ask for notifications");
  }
  return Watch(std::move(socket));
}

Result<bool> Watch::wait(Clock::time_point deadline) {
  while (true) {
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, milliseconds_until(deadline));
    if (ready == 0) return false;
    if (ready > 0) break;
    if (errno != EINTR) return system_error(errno, "wait for notifications");
  }
  TRY(drain(socket_.get()));
  return true;
}

}  // namespace netctl::rtnl

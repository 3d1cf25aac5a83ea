#include "runtime-core/rtnl/channel.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace netctl::rtnl {
namespace {

// Asked for; the kernel takes no more than net.core.rmem_max, which is 208 KiB where nobody changed
// it. Room for the answers to all that is sent together, and for what is sent.
constexpr int kReceiveBuffer = 256 << 10;
constexpr int kSendBuffer = 64 << 10;

Status set_option(int socket, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(socket, SOL_NETLINK, option, &on, sizeof on) == 0) return ok();
  return system_error(errno, format("set netlink option {}", name));
}

}  // namespace

Result<Channel> Channel::open() {
  // Its address the kernel chooses when something is sent.
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return system_error(errno, "open route socket");
  const int fd = socket.get();
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  // Words besides the errno value, and no copy of the request in each answer.
  TRY(set_option(fd, NETLINK_EXT_ACK, "NETLINK_EXT_ACK"));
  TRY(set_option(fd, NETLINK_CAP_ACK, "NETLINK_CAP_ACK"));
  // Without it (before Linux 4.20) the kernel ignores what a dump is to be limited to.
  TRY(set_option(fd, NETLINK_GET_STRICT_CHK, "NETLINK_GET_STRICT_CHK"));
  return Channel(std::move(socket));
}

}  // namespace netctl::rtnl

#include "runtime-core/nft/notifications.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace netctl::nft {
namespace {

// The kernel puts as many notifications into one datagram as fit into this (NLMSG_GOODSIZE), unless
// a single one is longer.
constexpr std::size_t kDatagramLength = 65536;

}  // namespace

Result<Notifications> Notifications::open(int group) {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket) return system_error(errno, "open a socket for nftables notifications");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
    return system_error(errno, "ask for nftables notifications");
  }
  return Notifications(std::move(socket));
}

Status Notifications::read(const std::function<void(std::span<const std::uint8_t>)>& take,
                           const std::function<void()>& lost) {
  alignas(nlmsghdr) std::array<std::uint8_t, kDatagramLength> buffer;
  bool overrun = false;  // told once, before the messages that were there
  while (true) {
    const ssize_t length =
        ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return ok();
    const bool again = std::exchange(overrun, length < 0);
    if (length < 0 && (errno != ENOBUFS || again)) {
      return system_error(errno, "read nftables notifications");
    }
    if (length < 0 || length > static_cast<ssize_t>(buffer.size())) {
      lost();
      continue;
    }
    take({buffer.data(), static_cast<std::size_t>(length)});
  }
}

}  // namespace netctl::nft

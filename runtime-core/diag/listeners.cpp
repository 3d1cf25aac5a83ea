#include "runtime-core/diag/listeners.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/diag/message.hpp"

namespace netctl::diag {
namespace {

constexpr std::string_view kStep = "ask who listens (sock_diag)";

// Takes the messages of one datagram; true when the listing is at its end.
Result<bool> take(const std::uint8_t* bytes, std::size_t size, Protocol protocol,
                  std::vector<Listener>& found) {
  auto left = static_cast<unsigned>(size);
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(bytes); NLMSG_OK(message, left);
       message = NLMSG_NEXT(message, left)) {
    if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
      int number = 0;  // both begin with it
      if (message->nlmsg_len >= NLMSG_HDRLEN + sizeof number) {
        std::memcpy(&number, NLMSG_DATA(message), sizeof number);
      }
      // A protocol that the kernel does not have, or has no reporter for.
      if (number == 0 || number == -ENOENT) return true;
      return system_error(-number, kStep);
    }
    if (auto listener = decode_listener(message, protocol)) found.push_back(*listener);
  }
  return false;
}

Status list(int socket, Family family, Protocol protocol, std::optional<std::uint16_t> port,
            std::vector<Listener>& found) {
  const auto request = encode_list(family, protocol, port);
  while (::send(socket, request.data(), request.size(), 0) < 0) {
    if (errno != EINTR) return system_error(errno, kStep);
  }
  alignas(nlmsghdr) std::array<std::uint8_t, 32768> buffer;
  while (true) {
    // The kernel makes each part inside of the call that takes the one before: nothing is waited
    // for.
    const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(errno, kStep);
    if (TRY(take(buffer.data(), static_cast<std::size_t>(size), protocol, found))) return ok();
  }
}

}  // namespace

bool Listener::takes(const IpAddress& destination) const {
  if (address.is_unspecified()) return v4_too || address.family() == destination.family();
  if (address.family() != destination.family()) return false;
  return destination.is_unspecified() || destination == address;
}

Result<std::vector<Listener>> listeners(Protocol protocol, std::optional<std::uint16_t> port) {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!socket) {
    if (errno == EPROTONOSUPPORT) return std::vector<Listener>{};  // a kernel without sock_diag
    return system_error(errno, kStep);
  }
  std::vector<Listener> found;
  TRY(list(socket.get(), Family::V4, protocol, port, found));
  TRY(list(socket.get(), Family::V6, protocol, port, found));
  // A kernel that passes over the wish for one port is no reason to give others.
  if (port) std::erase_if(found, [&](const Listener& one) { return one.port != *port; });
  return found;
}

}  // namespace netctl::diag

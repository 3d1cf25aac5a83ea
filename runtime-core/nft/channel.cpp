#include "runtime-core/nft/channel.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <system_error>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include <libmnl/libmnl.h>

#include "runtime-core/sys/successor.hpp"

namespace netctl::nft {
namespace {

// The kernel makes the parts of a listing as long as the buffer it is read into, up to this.
constexpr std::size_t kReceiveLength = 32768;

// Of sockets that are closed last; more than a chain's DEL has.
constexpr std::size_t kMostKept = 8;

// Room for a message of `length` bytes; beyond net.core.wmem_max only with CAP_NET_ADMIN.
void raise_send_buffer(mnl_socket* socket, std::size_t length) {
  const int fd = mnl_socket_get_fd(socket);
  const int size = static_cast<int>(std::min<std::size_t>(length, 1U << 30U));
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == 0) return;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

Status send(mnl_socket* socket, const Bytes& request) {
  bool raised = false;
  while (mnl_socket_sendto(socket, request.data(), request.size()) < 0) {
    if (errno == EINTR) continue;
    if (errno != EMSGSIZE) return system_error(errno, "send to netfilter");
    if (raised) {
      return fail(Errc::Exhausted,
                  "a message of {} bytes to netfilter is too long: raise net.core.wmem_max",
                  request.size());
    }
    raise_send_buffer(socket, request.size());
    raised = true;
  }
  return ok();
}

// Whether nothing comes after this message. A listing tells its end, anything else is one message;
// but of a transaction that is refused each change that is at fault is told.
bool is_end(const nlmsghdr* message, bool of_transaction) {
  if (message->nlmsg_type == NLMSG_DONE) return true;
  if (message->nlmsg_type == NLMSG_ERROR) return !of_transaction || error_number(message) == 0;
  return !of_transaction && (message->nlmsg_flags & NLM_F_MULTI) == 0;
}

bool has_end(std::span<const std::uint8_t> received, std::uint32_t first, std::uint32_t last) {
  while (const nlmsghdr* const message = take_message(received)) {
    const bool is_answer = message->nlmsg_seq - first <= last - first;
    if (is_answer && is_end(message, first != last)) return true;
  }
  return false;
}

// What answers these sequence numbers, and whatever came before it. The kernel handles a netlink
// request inside of the call that sends it, and makes the next part of a listing inside of the call
// that receives the one before: when nothing waits, nothing will come.
Result<Bytes> receive(mnl_socket* socket, std::uint32_t first, std::uint32_t last) {
  Bytes received;
  std::array<std::uint8_t, kReceiveLength> buffer;
  bool lost = false;
  while (true) {
    const ssize_t length =
        ::recv(mnl_socket_get_fd(socket), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0 && errno == EAGAIN) return received;
    // ENOBUFS: a transaction failed at more changes than there is room to report. The first of them
    // are there, and one is enough to know. It is told once.
    if (length < 0 && errno == ENOBUFS && !std::exchange(lost, true)) continue;
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return system_error(errno, "receive from netfilter");
    if (length > static_cast<ssize_t>(buffer.size())) {
      return fail(Errc::Io, "receive from netfilter: a message of {} bytes", length);
    }
    const std::size_t start = received.size();
    received.insert(received.end(), buffer.begin(), buffer.begin() + length);
    received.resize(NLMSG_ALIGN(received.size()));
    if (has_end(std::span(received).subspan(start), first, last)) return received;
  }
}

// Whether to close a netfilter socket would wait now.
bool closing_waits = false;

}  // namespace

void CloseMnlSocket::operator()(mnl_socket* socket) const {
  if (closing_waits) {
    // libmnl knows no way to take the descriptor out of its socket.
    UniqueFd copy(::fcntl(mnl_socket_get_fd(socket), F_DUPFD_CLOEXEC, 3));
    if (copy) sys::close_last(std::move(copy));
  }
  mnl_socket_close(socket);
  if (sys::kept_to_close() >= kMostKept) sys::close_kept();
}

void expect_wait_at_close() { closing_waits = true; }

Result<MnlSocket> open_channel() {
  // Its address the kernel chooses when something is sent.
  MnlSocket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
  if (!socket) return system_error(errno, "open a netfilter netlink socket");
  // Errors shall not carry the message that they are about: more of them fit into the buffer.
  // A kernel before 4.3 does not know it and works as well.
  int on = 1;
  mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on);
  return socket;
}

Result<Answer> ask(mnl_socket* socket, const Bytes& request, std::uint32_t first,
                   std::uint32_t last) {
  TRY(send(socket, request));
  Bytes received = TRY(receive(socket, first, last));
  Answer answer{.received = std::move(received), .reply = {}};
  answer.reply = parse_reply(answer.received, first, last);
  return answer;
}

Result<Answer> ask(mnl_socket* socket, const Bytes& request, std::uint32_t sequence) {
  return ask(socket, request, sequence, sequence);
}

Error error_of(int number) {
  // What nf_tables says of a range that is there in part.
  if (number == ENOTEMPTY) return fail(Errc::Exists, "a range that overlaps is there");
  return Error{.code = errc_of(number), .message = std::system_category().message(number)};
}

}  // namespace netctl::nft

#include "runtime-core/container/channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

namespace netctl::container {
namespace {

// A message: the word, then for a failure the error's code, its number, and its text.
constexpr std::size_t kHead = 1 + 1 + sizeof(unsigned);
constexpr std::size_t kMaxMessage = 4096;

Status send_bytes(int socket, std::string_view bytes, int fd) {
  iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return system_error(errno, "speak with the container's first process");
  }
  return ok();
}

Error parse_failure(std::string_view bytes) {
  Error error;
  if (bytes.size() < kHead) return fail(Errc::Unknown, "the container's first process failed");
  error.code = static_cast<Errc>(bytes[1]);
  std::memcpy(&error.protocol_code, bytes.data() + 2, sizeof error.protocol_code);
  error.message = bytes.substr(kHead);
  return error;
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::make() {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return system_error(errno, "create a socket pair");
  }
  return std::pair(Channel(UniqueFd(sockets[0])), Channel(UniqueFd(sockets[1])));
}

Status Channel::send(Word word, int fd) const {
  const char byte = static_cast<char>(word);
  return send_bytes(socket_.get(), {&byte, 1}, fd);
}

Status Channel::send_failure(const Error& error) const {
  std::string bytes(kHead, '\0');
  bytes[0] = static_cast<char>(Word::Failed);
  bytes[1] = static_cast<char>(error.code);
  std::memcpy(bytes.data() + 2, &error.protocol_code, sizeof error.protocol_code);
  bytes += error.message.substr(0, kMaxMessage - kHead);
  return send_bytes(socket_.get(), bytes, -1);
}

bool Channel::has_word() const {
  char byte = 0;
  return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno == ECONNRESET;
}

// Until there is one, or the other end is closed or dead.
Status Channel::wait_for_word() const {
  pollfd waiting[] = {{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                      {.fd = other_, .events = POLLIN, .revents = 0}};  // -1 is passed over
  while (::poll(waiting, std::size(waiting), -1) < 0) {
    if (errno != EINTR) return system_error(errno, "wait for the container's first process");
  }
  return ok();
}

Result<std::optional<Message>> Channel::receive() const {
  TRY(wait_for_word());
  char bytes[kMaxMessage];
  iovec piece{.iov_base = bytes, .iov_len = sizeof bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = 0;
  while ((got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)) < 0) {
    if (errno == EAGAIN) return std::optional<Message>();
    // ECONNRESET: it died with a word of ours unread. That is told once, before what it said last.
    if (errno == EINTR || errno == ECONNRESET) continue;
    return system_error(errno, "hear the container's first process");
  }
  if (got == 0) return std::optional<Message>();
  Message message{.word = static_cast<Word>(bytes[0])};
  const cmsghdr* attached = CMSG_FIRSTHDR(&header);
  if (attached && attached->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(attached), sizeof fd);
    message.fd.reset(fd);
  }
  if (message.word == Word::Failed) {
    message.error = parse_failure({bytes, static_cast<std::size_t>(got)});
  }
  return std::optional(std::move(message));
}

Result<Message> Channel::expect(Word word) const {
  auto message = TRY(receive());
  if (!message) return fail(Errc::Unknown, "the container's first process ended unexpectedly");
  if (message->word == Word::Failed) return std::move(message->error);
  if (message->word != word) return fail(Errc::Unknown, "an unexpected word from the container");
  return *std::move(message);
}

}  // namespace netctl::container

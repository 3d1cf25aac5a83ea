#pragma once

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Netlink with nothing between the program and the kernel: no library, no allocation.
namespace netctl::bench {

// Messages that lie one behind the other, and go out in one send. What does not fit is a mistake in
// this program, which would show as a message that the kernel refuses.
class Messages {
 public:
  // Opens a message; `header` is the struct that follows its header (ifinfomsg, …).
  template <class Header>
  Messages& begin(std::uint16_t type, std::uint16_t flags, const Header& header) {
    message_ = append(sizeof(nlmsghdr));
    auto* start = at<nlmsghdr>(message_);
    start->nlmsg_type = type;
    start->nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    start->nlmsg_seq = ++sequence_;
    std::memcpy(bytes_ + append(sizeof header), &header, sizeof header);
    return finish();
  }

  Messages& bytes(std::uint16_t type, const void* data, std::size_t size) {
    const std::size_t place = open(type);
    std::memcpy(bytes_ + append(size), data, size);
    return close(place);
  }
  Messages& text(std::uint16_t type, std::string_view value) {
    char terminated[256] = {};
    std::memcpy(terminated, value.data(), value.size());
    return bytes(type, terminated, value.size() + 1);
  }
  template <class Number>
  Messages& number(std::uint16_t type, Number value) {
    return bytes(type, &value, sizeof value);
  }

  // An attribute that others lie in; close() takes what open() gave.
  std::size_t open(std::uint16_t type) {
    const std::size_t place = append(sizeof(nlattr));
    at<nlattr>(place)->nla_type = type;
    return place;
  }
  Messages& close(std::size_t place) {
    at<nlattr>(place)->nla_len = static_cast<std::uint16_t>(size_ - place);
    return finish();
  }

  std::size_t append(std::size_t size) {
    const std::size_t place = NLMSG_ALIGN(size_);
    size_ = place + size;
    return place;
  }

  const std::byte* data() const { return bytes_; }
  std::size_t size() const { return NLMSG_ALIGN(size_); }

 private:
  template <class T>
  T* at(std::size_t place) {
    return reinterpret_cast<T*>(bytes_ + place);
  }
  Messages& finish() {
    at<nlmsghdr>(message_)->nlmsg_len = static_cast<std::uint32_t>(size_ - message_);
    return *this;
  }

  alignas(nlmsghdr) std::byte bytes_[8192] = {};
  std::size_t size_ = 0;
  std::size_t message_ = 0;  // where the one that is being written begins
  std::uint32_t sequence_ = 0;
};

// Sends them and waits for `answers` acknowledgements. 0, or the errno value of the first refusal.
inline int exchange(int socket, const Messages& messages, int answers) {
  if (::send(socket, messages.data(), messages.size(), 0) < 0) return errno;
  int refused = 0;
  alignas(nlmsghdr) char reply[16384];
  while (answers > 0) {
    auto size = ::recv(socket, reply, sizeof reply, 0);
    if (size < 0) return errno;
    for (auto* message = reinterpret_cast<nlmsghdr*>(reply);
         NLMSG_OK(message, static_cast<std::size_t>(size)); message = NLMSG_NEXT(message, size)) {
      if (message->nlmsg_type != NLMSG_ERROR) continue;
      --answers;
      nlmsgerr error{};
      std::memcpy(&error, NLMSG_DATA(message), sizeof error);
      if (error.error != 0 && refused == 0) refused = -error.error;
    }
  }
  return refused;
}

}  // namespace netctl::bench

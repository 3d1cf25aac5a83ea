#pragma once

#include <cstdint>
#include <utility>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Inside this directory only.
namespace netctl::rtnl {

// A socket to the kernel (rtnetlink(7)), and the numbers by which answers are told apart.
class Channel {
 public:
  // In the namespace that the thread is in.
  static Result<Channel> open();

  int fd() const { return socket_.get(); }
  std::uint32_t take_sequence() { return next_sequence_++; }

 private:
  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
  std::uint32_t next_sequence_ = 1;
};

}  // namespace netctl::rtnl

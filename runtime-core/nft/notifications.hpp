#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

namespace netctl::nft {

// What the kernel tells everybody who listens about ONE network namespace: the one that the thread
// was in when it was opened.
class Notifications {
 public:
  // The members of a group of nfnetlink (NFNLGRP_*, linux/netfilter/nfnetlink.h).
  static Result<Notifications> open(int group);

  // To be waited for with poll(2): readable when there is something to read().
  int fd() const { return socket_.get(); }

  // All that has come since open() or the last call, in its order; never waits. `take` gets whole
  // messages, aligned to four bytes; `lost` is called where some are missing because more came than
  // there was room for.
  Status read(const std::function<void(std::span<const std::uint8_t>)>& take,
              const std::function<void()>& lost);

 private:
  explicit Notifications(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
};

}  // namespace netctl::nft

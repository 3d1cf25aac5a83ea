#pragma once

#include <chrono>
#include <utility>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

namespace netctl::rtnl {

// Tells that something has changed in ONE network namespace: the one that the thread was in when it
// was opened. What has changed is not told: who waits for a state looks, waits, and looks again.
class Watch {
 public:
  enum class What { Links, Ipv6Addresses };
  using Clock = std::chrono::steady_clock;

  static Result<Watch> open(What what);

  // Waits for a change since open() or the last call. False: the deadline came first.
  Result<bool> wait(Clock::time_point deadline);

  // To be waited for with poll(2) among others: readable when wait() would give true at once.
  int fd() const { return socket_.get(); }

 private:
  explicit Watch(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
};

// Waits until `look()`, a Result<bool>, says yes; false when it did not within `patience`. `open`
// gives the watch, and is asked only if the first look says no.
template <class Open, class Look>
Result<bool> wait_until(std::chrono::milliseconds patience, Open&& open, Look&& look) {
  if (TRY(look())) return true;
  const auto deadline = Watch::Clock::now() + patience;
  Watch watch = TRY(open());
  while (!TRY(look())) {
    if (!TRY(watch.wait(deadline))) return look();
  }
  return true;
}

}  // namespace netctl::rtnl

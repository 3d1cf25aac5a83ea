#include "runtime-core/sys/successor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::sys {
namespace {

using test::Succeeds;

struct WatchedPipe {
  WatchedPipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  // Whether all that could write have closed it, after at most so many milliseconds.
  bool is_closed(int timeout) const {
    pollfd waiting{.fd = out.get(), .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, timeout) == 1 && (waiting.revents & POLLHUP) != 0;
  }

  UniqueFd out{};
  UniqueFd in{};
};

constexpr int kSoon = 10000;  // milliseconds; far more than it takes

// What a successor does that is to end when the pipe is closed.
auto outlast(const WatchedPipe& pipe) {
  return [fd = pipe.out.get()] {
    char none = 0;
    return ::read(fd, &none, 1) == 0 ? 0 : 1;
  };
}

TEST(Successor, HasNoneOfOurDescriptorsButThoseThatItIsFor) {
  WatchedPipe lasting;
  WatchedPipe ours;
  const auto successor = start_successor({lasting.out.get()}, outlast(lasting));
  ASSERT_THAT(successor, Succeeds());

  ours.in.reset();
  EXPECT_TRUE(ours.is_closed(kSoon)) << "what reads from us would wait for it";
  EXPECT_FALSE(has_ended(*successor));

  lasting.in.reset();
  EXPECT_EQ(wait_for_end(*successor).value(), 0);
}

TEST(Successor, ThatHasEndedIsReapedWhenTheNextOneIsStarted) {
  WatchedPipe lasting;
  lasting.in.reset();
  const auto first = start_successor({lasting.out.get()}, outlast(lasting));
  ASSERT_THAT(first, Succeeds());
  const pid_t pid = pid_of(*first).value();
  pollfd ended{.fd = *first, .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ended, 1, kSoon), 1);

  ASSERT_THAT(start_successor({lasting.out.get()}, outlast(lasting)), Succeeds());

  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Successor, ClosesWhatIsClosedLastAfterUs) {
  WatchedPipe pipe;
  close_last(std::move(pipe.in));
  EXPECT_EQ(kept_to_close(), 1U);
  EXPECT_FALSE(pipe.is_closed(0)) << "it is kept";

  close_kept();

  EXPECT_EQ(kept_to_close(), 0U);
  EXPECT_TRUE(pipe.is_closed(kSoon)) << "and closed by the successor's end";
}

}  // namespace
}  // namespace netctl::sys

// The line between the one who starts a container and the process that becomes it.
#include "runtime-core/container/channel.hpp"

#include <unistd.h>

#include "runtime-core/sys/child.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::container {
namespace {

using test::FailsSaying;
using test::Succeeds;

TEST(Channel, CarriesAWordAndADescriptor) {
  auto [ours, theirs] = Channel::make().value();
  ASSERT_FALSE(ours.has_word());
  ASSERT_THAT(theirs.send(Word::Ready, STDERR_FILENO), Succeeds());

  EXPECT_TRUE(ours.has_word());
  const auto heard = ours.expect(Word::Ready);
  ASSERT_THAT(heard, Succeeds());
  EXPECT_TRUE(heard->fd);
}

TEST(Channel, TellsThatTheOtherEndIsClosed) {
  auto [ours, theirs] = Channel::make().value();
  theirs.close();
  const auto heard = ours.receive();
  ASSERT_THAT(heard, Succeeds());
  EXPECT_FALSE(*heard);
  EXPECT_THAT(ours.expect(Word::Ready),
              FailsSaying("the container's first process ended unexpectedly"));
}

// The kernel tells the reset of the line before what stands in it.
TEST(Channel, AFailureIsHeardAlsoOfOneThatDidNotListenAnyMore) {
  auto [ours, theirs] = Channel::make().value();
  ASSERT_THAT(ours.send(Word::Go), Succeeds());
  ASSERT_THAT(theirs.send_failure(fail(Errc::NotSupported, "no such cgroup")), Succeeds());
  theirs.close();
  EXPECT_THAT(ours.expect(Word::Ready), FailsSaying("no such cgroup"));
}

// Who is dead does not speak, even if its socket is still open somewhere: here.
TEST(Channel, TheDeathOfTheOtherEndsTheWait) {
  auto [ours, theirs] = Channel::make().value();
  const auto child = sys::clone_child(0);
  ASSERT_THAT(child, Succeeds());
  if (child->pid == 0) ::_exit(theirs.send(Word::Ready) ? 0 : 1);
  ours.speak_with(child->pidfd.get());
  ASSERT_THAT(sys::wait_for_end(child->pidfd.get()), Succeeds());

  EXPECT_THAT(ours.expect(Word::Ready), Succeeds());
  const auto heard = ours.receive();
  ASSERT_THAT(heard, Succeeds());
  EXPECT_FALSE(*heard);
}

}  // namespace
}  // namespace netctl::container

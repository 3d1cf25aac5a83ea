#include "runtime-core/base/unique_fd.hpp"

#include <fcntl.h>

#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace netctl {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_copy_assignable_v<UniqueFd>);
static_assert(!std::is_convertible_v<UniqueFd, int>);
static_assert(!std::is_convertible_v<int, UniqueFd>);

int open_something() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFd, HoldsNothingAtFirst) {
  const UniqueFd empty;

  EXPECT_FALSE(empty);
  EXPECT_EQ(empty.get(), -1);
}

TEST(UniqueFd, TakesDescriptorZeroForAnOpenOne) {
  UniqueFd zero(0);

  EXPECT_TRUE(zero);
  EXPECT_EQ(zero.release(), 0);
}

TEST(UniqueFd, ClosesWhenItGoes) {
  const int fd = open_something();
  {
    const UniqueFd owner(fd);
    ASSERT_TRUE(owner);
    EXPECT_TRUE(is_open(fd));
  }

  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, IsEmptyOnceMovedFrom) {
  UniqueFd first(open_something());
  const int fd = first.get();

  const UniqueFd second(std::move(first));

  EXPECT_EQ(second.get(), fd);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): its being empty is the promise
  EXPECT_TRUE(is_open(fd));
}

TEST(UniqueFd, ClosesWhatItHeldWhenAnotherIsAssigned) {
  UniqueFd owner(open_something());
  UniqueFd other(open_something());
  const int old = owner.get();
  const int taken = other.get();

  owner = std::move(other);

  EXPECT_FALSE(is_open(old));
  EXPECT_EQ(owner.get(), taken);
  EXPECT_TRUE(is_open(taken));
}

TEST(UniqueFd, SurvivesBeingAssignedToItself) {
  UniqueFd owner(open_something());
  const int fd = owner.get();
  UniqueFd& same = owner;

  owner = std::move(same);

  EXPECT_EQ(owner.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(UniqueFd, LeavesAReleasedDescriptorOpen) {
  int fd = -1;
  {
    UniqueFd owner(open_something());
    fd = owner.release();
    EXPECT_FALSE(owner);
  }

  EXPECT_TRUE(is_open(fd));
  const UniqueFd closes_it(fd);
}

TEST(UniqueFd, ClosesTheOldOneOnReset) {
  UniqueFd owner(open_something());
  const int old = owner.get();

  owner.reset();

  EXPECT_FALSE(is_open(old));
  EXPECT_FALSE(owner);
}

}  // namespace
}  // namespace netctl

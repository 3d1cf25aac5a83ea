#include "runtime-core/sys/sysctl.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"
#include "tests/support/private_host.hpp"

namespace netctl::sys {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::HasSubstr;

constexpr const char* kForward = "net/ipv4/ip_forward";

class SysctlTest : public test::PrivateHost {};

TEST_F(SysctlTest, AValueComesWithoutItsNewline) {
  const auto value = find_sysctl("net/ipv4/conf/lo/forwarding");

  ASSERT_THAT(value, Succeeds());
  EXPECT_TRUE(*value == "0" || *value == "1") << value->value_or("nothing");
}

TEST_F(SysctlTest, AParameterThatTheKernelDoesNotHaveIsAnAnswerWhenLookedFor) {
  const auto value = find_sysctl("net/ipv4/conf/nosuchlink/forwarding");

  ASSERT_THAT(value, Succeeds());
  EXPECT_FALSE(value->has_value());
}

TEST_F(SysctlTest, SettingGivesTheOldValueBack) {
  ASSERT_THAT(set_sysctl(kForward, "0"), Succeeds());

  const auto old = set_sysctl(kForward, "1");

  ASSERT_THAT(old, Succeeds());
  EXPECT_EQ(*old, "0");
  EXPECT_EQ(find_sysctl(kForward).value(), "1");
}

TEST_F(SysctlTest, SettingWhatItIsAlreadyGivesNothingToPutBack) {
  ASSERT_THAT(set_sysctl(kForward, "1"), Succeeds());

  const auto old = set_sysctl(kForward, "1");

  ASSERT_THAT(old, Succeeds());
  EXPECT_FALSE(old->has_value());
  EXPECT_EQ(find_sysctl(kForward).value(), "1");
}

TEST_F(SysctlTest, SettingAParameterThatTheKernelDoesNotHaveSaysWhich) {
  const auto old = set_sysctl("net/ipv4/conf/nosuchlink/forwarding", "1");

  EXPECT_THAT(old, FailsWith(Errc::NotFound));
  EXPECT_THAT(old, FailsSaying(HasSubstr("/proc/sys/net/ipv4/conf/nosuchlink/forwarding")));
}

TEST_F(SysctlTest, AValueThatTheKernelRefusesIsNamedAndChangesNothing) {
  ASSERT_THAT(set_sysctl(kForward, "1"), Succeeds());

  const auto old = set_sysctl(kForward, "perhaps");

  EXPECT_THAT(old, FailsSaying(HasSubstr("write \"perhaps\" to /proc/sys/net/ipv4/ip_forward")));
  EXPECT_EQ(find_sysctl(kForward).value(), "1");
}

}  // namespace
}  // namespace netctl::sys

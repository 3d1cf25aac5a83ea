#include "runtime-core/base/error_list.hpp"

#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl {
namespace {

using test::Succeeds;

TEST(ErrorList, WithNothingKeptIsSuccess) {
  ErrorList errors;

  EXPECT_TRUE(errors.keep(ok()));

  EXPECT_TRUE(errors.empty());
  EXPECT_THAT(errors.status(), Succeeds());
}

TEST(ErrorList, OfOneErrorIsThatError) {
  ErrorList errors;

  EXPECT_FALSE(errors.keep(Error{.code = Errc::Exists, .message = "taken", .protocol_code = 7}));

  const Status status = errors.status();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::Exists);
  EXPECT_EQ(status.error().message, "taken");
  EXPECT_EQ(status.error().protocol_code, 7U);
}

TEST(ErrorList, JoinsTheMessagesInOrderAndHasTheCodeOfTheFirst) {
  ErrorList errors;

  errors.keep(fail(Errc::Io, "release {}", "10.0.0.2"));
  errors.keep(ok());
  errors.add(fail(Errc::NotFound, "delete veth1"));

  const Status status = errors.status();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "release 10.0.0.2; delete veth1");
  EXPECT_EQ(status.error().code, Errc::Io);
  EXPECT_EQ(errors.errors().size(), 2U);
}

}  // namespace
}  // namespace netctl

#include "runtime-core/base/result.hpp"

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;

Result<int> half_of(int number) {
  if (number % 2 != 0) return fail(Errc::InvalidArgument, "{} is odd", number);
  return number / 2;
}

Result<int> quarter_of(int number) {
  const int half = TRY(half_of(number));
  return TRY(half_of(half).context("half of {}", number));
}

TEST(Result, HoldsAValueOrTheReasonWhyThereIsNone) {
  const Result<int> good = half_of(8);
  const Result<int> bad = half_of(7);

  ASSERT_THAT(good, Succeeds());
  EXPECT_EQ(*good, 4);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, Errc::InvalidArgument);
  EXPECT_EQ(bad.error().message, "7 is odd");
}

TEST(Result, GivesTheOtherValueOnlyWhenThereIsNone) {
  EXPECT_EQ(half_of(8).value_or(-1), 4);
  EXPECT_EQ(half_of(7).value_or(-1), -1);
}

TEST(Result, IsChangedThroughItsValue) {
  Result<std::string> text = std::string("cni");

  *text += "0";
  text->append("!");

  EXPECT_EQ(text.value(), "cni0!");
}

TEST(Result, ThatGoesAwayGivesItsValueAway) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, OfNothingIsSuccessUnlessItHoldsAnError) {
  EXPECT_THAT(ok(), Succeeds());
  EXPECT_THAT(Status(fail(Errc::Io, "write")), FailsWith(Errc::Io));
}

TEST(Context, PutsEachStepInFrontOfTheOneInside) {
  const auto failed = half_of(7).context("step {}", 2).context("container {}", "c1");

  EXPECT_THAT(failed, FailsSaying("container c1: step 2: 7 is odd"));
  EXPECT_THAT(failed, FailsWith(Errc::InvalidArgument));
}

TEST(Context, LeavesDetailsAndTheProtocolCodeOfTheErrorAlone) {
  const Status failed = Status(Error{.code = Errc::TryAgain,
                                     .message = "busy",
                                     .details = "held by 4711",
                                     .protocol_code = 11})
                            .context("lock");

  EXPECT_EQ(failed.error().message, "lock: busy");
  EXPECT_EQ(failed.error().details, "held by 4711");
  EXPECT_EQ(failed.error().protocol_code, 11U);
}

TEST(Context, LeavesSuccessAlone) {
  EXPECT_EQ(half_of(8).context("step").value(), 4);
  EXPECT_THAT(ok().context("step"), Succeeds());
}

TEST(Try, GivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter_of(12).value(), 3);
  EXPECT_THAT(quarter_of(3), FailsSaying("3 is odd"));
  EXPECT_THAT(quarter_of(6), FailsSaying("half of 6: 3 is odd"));
}

TEST(Try, MovesAValueThatCannotBeCopied) {
  const auto make = [](bool works) -> Result<std::unique_ptr<int>> {
    if (!works) return fail(Errc::NotFound, "no number");
    return std::make_unique<int>(5);
  };
  const auto use = [&](bool works) -> Result<int> {
    const std::unique_ptr<int> owned = TRY(make(works));
    return *owned;
  };

  EXPECT_EQ(use(true).value(), 5);
  EXPECT_THAT(use(false), FailsWith(Errc::NotFound));
}

TEST(Try, TakesTheValueOutOfANamedResultWithoutMovingIt) {
  const auto twice = [](const Result<std::string>& text) -> Result<std::string> {
    const std::string first = TRY(text);
    return first + TRY(text);
  };

  EXPECT_EQ(twice(std::string("ab")).value(), "abab");
}

TEST(Try, CarriesAnErrorIntoAResultOfAnotherType) {
  const auto check = [](int number) -> Status {
    TRY(half_of(number));
    return ok();
  };

  EXPECT_THAT(check(4), Succeeds());
  EXPECT_THAT(check(5), FailsSaying("5 is odd"));
}

// Long enough to be on the heap: the sanitizers see a value that went before the loop did.
TEST(Try, KeepsAValueAliveForTheLoopOverIt) {
  const auto names = []() -> Result<std::vector<std::string>> {
    return std::vector<std::string>{std::string(40, 'a'), std::string(40, 'b')};
  };
  const auto joined = [&]() -> Result<std::string> {
    std::string all;
    for (const std::string& name : TRY(names())) all += name.front();
    return all;
  };

  EXPECT_EQ(joined().value(), "ab");
}

TEST(Try, DestroysWhatWasMadeBeforeTheLineThatFails) {
  const auto alive = std::make_shared<int>(0);
  const auto work = [&]() -> Status {
    const std::shared_ptr<int> held = alive;
    TRY(half_of(1));
    return ok();
  };

  EXPECT_THAT(work(), FailsWith(Errc::InvalidArgument));
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(SystemError, SaysTheStepAndWhatTheSystemSays) {
  const Error error = system_error(EPERM, "create bridge cni0");

  EXPECT_EQ(error.message, "create bridge cni0: Operation not permitted");
  EXPECT_EQ(error.code, Errc::PermissionDenied);
}

TEST(SystemError, HasTheCodeThatBelongsToTheNumber) {
  const struct {
    int number;
    Errc code;
  } table[] = {
      {ENOENT, Errc::NotFound},
      {ENODEV, Errc::NotFound},
      {EEXIST, Errc::Exists},
      {EADDRINUSE, Errc::Exists},
      {EACCES, Errc::PermissionDenied},
      {EOPNOTSUPP, Errc::NotSupported},
      {EINVAL, Errc::InvalidArgument},
      {EAGAIN, Errc::TryAgain},
      {EBUSY, Errc::TryAgain},
      {ENOSPC, Errc::Exhausted},
      {EIO, Errc::Io},
      {EDOM, Errc::Unknown},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.number);
    EXPECT_EQ(errc_of(row.number), row.code);
  }
}

}  // namespace
}  // namespace netctl

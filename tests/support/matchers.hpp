#pragma once

#include <gmock/gmock.h>

#include "runtime-core/base/result.hpp"

namespace netctl::test {

// EXPECT_THAT(status, Succeeds()): on failure the error's message is printed.
MATCHER(Succeeds, "succeeds") {
  if (arg) return true;
  *result_listener << "failed: " << arg.error().message;
  return false;
}

// EXPECT_THAT(result, FailsWith(Errc::Exists)).
MATCHER_P(FailsWith, code, "fails with the expected code") {
  if (arg) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << "failed: " << arg.error().message;
  return arg.error().code == code;
}

// EXPECT_THAT(result, FailsSaying(HasSubstr("172.17.0.1"))).
MATCHER_P(FailsSaying, matcher, "fails with the expected words") {
  if (arg) {
    *result_listener << "succeeded";
    return false;
  }
  return testing::ExplainMatchResult(matcher, arg.error().message, result_listener);
}

}  // namespace netctl::test

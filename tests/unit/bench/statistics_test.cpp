#include "tests/bench/statistics.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace netctl::bench {
namespace {

TEST(Statistics, NothingIsSaidOfNoSamples) { EXPECT_FALSE(summarise({})); }

TEST(Statistics, OneSampleIsAll) {
  EXPECT_EQ(summarise({7}), (Summary{.median = 7, .p95 = 7, .samples = 1}));
}

TEST(Statistics, TheMedianDoesNotFollowOneSampleThatIsFarOff) {
  EXPECT_EQ(summarise({3, 900, 1, 2, 4})->median, 3);
}

TEST(Statistics, TheMedianOfAnEvenNumberLiesBetweenTheTwoInTheMiddle) {
  EXPECT_EQ(summarise({4, 1, 2, 3})->median, 2.5);
}

TEST(Statistics, FiveOfAHundredExceedTheP95) {
  std::vector<double> samples(100);
  std::iota(samples.begin(), samples.end(), 1);

  EXPECT_EQ(summarise(samples)->p95, 95);
}

TEST(Statistics, OfFewSamplesTheP95IsTheLargest) { EXPECT_EQ(summarise({1, 2, 3})->p95, 3); }

}  // namespace
}  // namespace netctl::bench

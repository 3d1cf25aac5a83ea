#include "runtime-core/attach/routes.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace netctl::attach {
namespace {

TEST(FreeMetric, WithoutAPriorityIsBehindAllThatAreThere) {
  EXPECT_EQ(free_metric({0}, {}), 1024U);
  EXPECT_EQ(free_metric({0, 1024}, {}), 1025U);
  EXPECT_EQ(free_metric({0, 5000, 100}, {}), 5001U);
}

TEST(FreeMetric, OfAPriorityIsItsOwnPlaceWhoeverIsThere) {
  EXPECT_EQ(free_metric({}, 0), 1024U);
  EXPECT_EQ(free_metric({5000}, 1), 1014U);
  EXPECT_EQ(free_metric({24}, -1), 1034U);
  EXPECT_EQ(free_metric({}, kMaxGatewayPriority), 24U);
  EXPECT_EQ(free_metric({}, -kMaxGatewayPriority), 2024U);
}

TEST(FreeMetric, AmongEqualsTheFirstToComeStaysFirst) {
  EXPECT_EQ(free_metric({1014}, 1), 1015U);
  EXPECT_EQ(free_metric({1014, 1015}, 1), 1016U);
  EXPECT_LT(free_metric({1014, 1015}, 1), free_metric({}, 0));
}

TEST(FreeMetric, NothingIsBehindTheLastOne) {
  EXPECT_EQ(free_metric({std::numeric_limits<std::uint32_t>::max()}, {}), 1024U);
}

}  // namespace
}  // namespace netctl::attach

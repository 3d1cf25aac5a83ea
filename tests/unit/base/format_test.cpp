#include "runtime-core/base/format.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace netctl {
namespace {

TEST(Format, PutsValuesOfEachKindInTheirPlaces) {
  const std::string owned = "veth1";
  const std::string_view viewed = "cni0";

  EXPECT_EQ(format("{} in {}, port {}, {}", owned, viewed, 8080, "up"),
            "veth1 in cni0, port 8080, up");
}

TEST(Format, FollowsTheFormatSpecifications) {
  EXPECT_EQ(format("{:02x}:{:02x}", 2, 255), "02:ff");
  EXPECT_EQ(format("{:>4}|{:<4}|", 7, 8), "   7|8   |");
}

TEST(Format, WritesDoubledBracesAsOne) {
  EXPECT_EQ(format("{{\"port\":{}}}", 80), R"({"port":80})");
}

}  // namespace
}  // namespace netctl

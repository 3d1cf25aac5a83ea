#include "runtime-core/attach/vlan.hpp"

#include <gtest/gtest.h>

#include "runtime-core/addr/if_name.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::attach {
namespace {

using rtnl::VlanRange;
using test::Succeeds;

constexpr VlanRange kNative7{.first = 7, .last = 7, .native = true, .untagged = true};
constexpr VlanRange kDefault{.first = 1, .last = 1, .untagged = true};

TEST(VlanGatewayName, IsTheBridgesAndTheVlans) {
  EXPECT_EQ(vlan_gateway_name("cni0", 100), "cni0.100");
  EXPECT_EQ(vlan_gateway_name("cni0123456", 4094), "cni0123456.4094") << "15 characters";
}

TEST(VlanGatewayName, OneThatWouldBeTooLongIsShortenedAndStaysItsBridges) {
  const std::string one = vlan_gateway_name("nc-1a2b3c4d5e6f", 100);
  const std::string two = vlan_gateway_name("nc-1a2b3c4d5e70", 100);

  EXPECT_TRUE(one.starts_with("nc-1~")) << one;
  EXPECT_TRUE(one.ends_with(".100")) << one;
  EXPECT_NE(one, two);
  EXPECT_THAT(check_if_name(one), Succeeds());
  EXPECT_THAT(check_if_name(vlan_gateway_name("nc-1a2b3c4d5e6f", 4094)), Succeeds());
}

TEST(PortVlans, SaidInOtherWordsAreTheSame) {
  const PortVlans wanted{.vlans = {kNative7, {.first = 100, .last = 199}}};

  EXPECT_TRUE(
      has_vlans({kNative7, {.first = 100, .last = 149}, {.first = 150, .last = 199}}, wanted));
  EXPECT_FALSE(has_vlans({kNative7, {.first = 100, .last = 198}}, wanted)) << "one is missing";
  EXPECT_FALSE(has_vlans({kNative7, {.first = 100, .last = 200}}, wanted)) << "one too many";
  EXPECT_FALSE(has_vlans({{.first = 7, .last = 7}, {.first = 100, .last = 199}}, wanted))
      << "with a tag";
  EXPECT_FALSE(has_vlans({}, wanted));
}

TEST(PortVlans, ThatKeepTheDefaultMayBeMore) {
  const PortVlans wanted{.vlans = {kNative7}, .keep_default = true};

  EXPECT_TRUE(has_vlans({kDefault, kNative7}, wanted));
  EXPECT_TRUE(has_vlans({kNative7}, wanted));
  EXPECT_FALSE(has_vlans({kDefault}, wanted));
}

}  // namespace
}  // namespace netctl::attach

#include "netctl/subnets.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::command {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::HasSubstr;

std::vector<Taken> taken_by(const std::vector<std::string>& texts) {
  std::vector<Taken> result;
  for (const std::string& text : texts) {
    result.push_back({.subnet = parse_ip_prefix(text).value(), .holder = "somebody"});
  }
  return result;
}

TEST(ChooseDefaultSubnet, GivesTheFirstThatOverlapsNothing) {
  const struct {
    std::string what;
    std::vector<std::string> taken;
    std::string subnet;
  } table[] = {
      {"nothing is taken", {}, "172.17.0.0/16"},
      {"others are taken", {"10.0.0.0/8", "192.168.0.0/16", "127.0.0.1/8"}, "172.17.0.0/16"},
      {"just below", {"172.16.0.0/16"}, "172.17.0.0/16"},
      {"the same", {"172.17.0.0/16"}, "172.18.0.0/16"},
      {"a host address in it", {"172.17.5.9/16"}, "172.18.0.0/16"},
      {"a single address in it", {"172.17.255.255/32"}, "172.18.0.0/16"},
      {"a part of it", {"172.17.200.0/24"}, "172.18.0.0/16"},
      {"two of them at once", {"172.18.0.0/15", "172.17.0.0/16"}, "172.20.0.0/16"},
      {"the later ones", {"172.24.0.0/13"}, "172.17.0.0/16"},
      {"a gap", {"172.17.0.1/24", "172.19.0.1/24"}, "172.18.0.0/16"},
      {"all but the last",
       {"172.16.0.0/13", "172.24.0.0/14", "172.28.0.0/15", "172.30.0.0/16"},
       "172.31.0.0/16"},
      {"IPv6 is no matter", {"fd00::/8", "::/0"}, "172.17.0.0/16"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    const auto subnet = choose_default_subnet(taken_by(row.taken));
    ASSERT_THAT(subnet, Succeeds());
    EXPECT_EQ(subnet->to_text(), row.subnet);
  }
}

TEST(ChooseDefaultSubnet, SaysWhatToDoWhenAllAreTaken) {
  for (const std::string taken : {"172.16.0.0/12", "172.0.0.0/8", "128.0.0.0/1"}) {
    SCOPED_TRACE(taken);
    const auto subnet = choose_default_subnet(taken_by({taken}));
    EXPECT_THAT(subnet, FailsWith(Errc::Exhausted));
    EXPECT_THAT(subnet, FailsSaying(HasSubstr("choose one yourself, with --subnet")));
  }
}

TEST(ChooseSubnet, LeavesTheDefaultNetworksFirstOneAlone) {
  EXPECT_EQ(choose_subnet({})->to_text(), "172.18.0.0/16");
  EXPECT_EQ(choose_subnet(taken_by({"172.16.0.0/12"}))->to_text(), "192.168.0.0/20");
  EXPECT_EQ(choose_subnet(taken_by({"172.16.0.0/12", "192.168.1.0/24"}))->to_text(),
            "192.168.16.0/20");
  EXPECT_THAT(choose_subnet(taken_by({"172.16.0.0/12", "192.168.0.0/16"})),
              FailsWith(Errc::Exhausted));
}

TEST(ChooseSubnet, OfIpv6IsALocalOneThatIsFree) {
  const auto subnet = choose_subnet_v6({});
  ASSERT_THAT(subnet, Succeeds());
  EXPECT_TRUE(parse_ip_prefix("fd00::/8")->contains(subnet->address));
  EXPECT_EQ(subnet->length, 64U);
  EXPECT_NE(*subnet, *choose_subnet_v6({}));
  EXPECT_THAT(choose_subnet_v6(taken_by({"fd00::/8"})), FailsWith(Errc::Exhausted));
}

TEST(FindOverlap, TellsWhoHasIt) {
  const auto taken = taken_by({"10.0.0.0/24", "10.0.1.0/24"});
  EXPECT_EQ(find_overlap(taken, *parse_ip_prefix("10.0.1.128/25")), &taken[1]);
  EXPECT_EQ(find_overlap(taken, *parse_ip_prefix("10.0.2.0/24")), nullptr);
}

}  // namespace
}  // namespace netctl::command

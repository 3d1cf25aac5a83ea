#include "portmap/conditions.hpp"

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"

namespace netctl::portmap {
namespace {

using test::FailsSaying;
using testing::AllOf;
using testing::HasSubstr;

// As the name of their chain.
std::string chain(const std::vector<std::string>& words, Family family = Family::V4) {
  const auto conditions = parse_conditions(words, family);
  return conditions ? attach::condition_chain(*conditions) : conditions.error().message;
}

TEST(PortConditions, AreReadInTheWordsOfIptables) {
  EXPECT_EQ(chain({"!", "-d", "192.0.2.0/24"}), "when--not-to-192.0.2.0/24");
  EXPECT_EQ(chain({"-s", "10.0.0.7", "!", "--in-interface", "eth0"}),
            "when--from-10.0.0.7/32--not-in-eth0");
  EXPECT_EQ(chain({"--source", "fd00::/8", "-i", "eth0"}, Family::V6),
            "when--from-fd00__/8--in-eth0");
}

TEST(PortConditions, AreReadInTheWordsOfNftables) {
  EXPECT_EQ(chain({"ip", "daddr", "!=", "192.0.2.0/24"}), "when--not-to-192.0.2.0/24");
  EXPECT_EQ(chain({"ip daddr != 192.0.2.0/24", "iifname \"eth0\""}),
            "when--not-to-192.0.2.0/24--in-eth0");
  EXPECT_EQ(chain({"ip6 saddr == fd00::1 meta iifname != eth0"}, Family::V6),
            "when--from-fd00__1/128--not-in-eth0");
}

TEST(PortConditions, WhatCannotBeExpressedIsNamed) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"-m", "owner"},
                                                                 {"-s", "10.0.0.1", "--sport", "1"},
                                                                 {"ip protocol tcp"},
                                                                 {"ip"},
                                                                 {"tcp flags syn"},
                                                                 {"-i", "eth+"},
                                                                 {"!"}}) {
    const auto conditions = parse_conditions(words, Family::V4);
    ASSERT_FALSE(conditions) << words.front();
    EXPECT_EQ(conditions.error().code, Errc::NotSupported) << conditions.error().message;
  }
  EXPECT_THAT(parse_conditions({"-m", "owner"}, Family::V4),
              FailsSaying(AllOf(HasSubstr("\"-m\""), HasSubstr("ip saddr"))));
}

TEST(PortConditions, AWrongValueIsAnError) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"-s", "10.0.0.300"},
                                                                 {"-d", "fd00::/8"},
                                                                 {"-s"},
                                                                 {"ip saddr !="},
                                                                 {"-i", "a/b"},
                                                                 {"-s", "10.0.0.0/33"}}) {
    const auto conditions = parse_conditions(words, Family::V4);
    ASSERT_FALSE(conditions) << words.front();
    EXPECT_EQ(conditions.error().code, Errc::InvalidArgument) << conditions.error().message;
  }
}

TEST(PortConditions, AreAsManyAsFitIntoAChainsName) {
  std::vector<std::string> words;
  for (int i = 0; i < 20; ++i) {
    words.insert(words.end(), {"!", "-s", "192.168." + std::to_string(i) + ".0/24"});
  }
  EXPECT_THAT(parse_conditions(words, Family::V4), FailsSaying(HasSubstr("too many")));
}

}  // namespace
}  // namespace netctl::portmap

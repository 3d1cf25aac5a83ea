#include "runtime-core/attach/port_condition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/attach/firewall_table.hpp"
#include "tests/support/addresses.hpp"

namespace netctl::attach {
namespace {

using Of = PortCondition::Of;

std::string condition_text(const std::string& chain) {
  std::string text;
  for (const nft::Rule& rule : firewall_table().rules_of(chain)) text += to_text(rule) + "\n";
  return text;
}

TEST(PortCondition, TheChainsNameSaysAllThatIsInIt) {
  const std::vector<PortCondition> conditions{
      {.of = Of::Destination, .negated = true, .prefix = prefix("192.0.2.9/24")},
      {.of = Of::Source, .prefix = prefix("10.0.0.1/32")},
      {.of = Of::InLink, .link = "br-web"}};
  const std::string chain = condition_chain(conditions);
  EXPECT_EQ(chain, "when--not-to-192.0.2.0/24--from-10.0.0.1/32--in-br-web");
  EXPECT_EQ(condition_text(chain),
            "ip daddr 192.0.2.0/24 accept\n"
            "ip saddr != 10.0.0.1 accept\n"
            "iifname != \"br-web\" accept\n");
}

TEST(PortCondition, AnIpv6AddressIsReadBackFromTheName) {
  const std::string chain =
      condition_chain({{.of = Of::Source, .prefix = prefix("fd00:1::/64")},
                       {.of = Of::InLink, .negated = true, .link = "wlan_0.7"}});
  EXPECT_EQ(chain, "when--from-fd00_1__/64--not-in-wlan_0.7");
  EXPECT_EQ(condition_text(chain),
            "ip6 saddr != fd00:1::/64 accept\n"
            "iifname \"wlan_0.7\" accept\n");
}

TEST(PortCondition, OtherChainsHaveNone) {
  for (const char* name : {"when", "when--", "when-in-eth0", "when--in-eth0--", "when--from-x",
                           "when--to-10.0.0.0", "publish", "whenever--in-eth0"}) {
    EXPECT_EQ(conditions_in(name), std::nullopt) << name;
  }
}

TEST(PortCondition, ALinkWhoseNameWouldReadAsSomethingElseIsRefused) {
  EXPECT_TRUE(has_chain_name("eth0"));
  EXPECT_TRUE(has_chain_name("br-web_1.20"));
  for (const char* name : {"a--b", "-eth", "eth-", "eth+", "eth@x", "ä"}) {
    EXPECT_FALSE(has_chain_name(name)) << name;
  }
}

}  // namespace
}  // namespace netctl::attach

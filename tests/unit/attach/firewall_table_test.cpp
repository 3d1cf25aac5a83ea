#include "runtime-core/attach/firewall_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/addresses.hpp"

namespace netctl::attach {
namespace {

using testing::HasSubstr;

std::string rules_of(const std::string& chain) {
  std::string text;
  for (const nft::Rule& rule : firewall_table().rules_of(chain)) {
    text += rule.chain + ": " + to_text(rule) + "\n";
  }
  return text;
}

// One line for each part, as nft(8) writes them.
std::string fixed_part() {
  nft::Batch batch(firewall_table().table);
  firewall_table().add_fixed_part(batch);
  return to_text(batch);
}

TEST(FirewallTable, ASubnetsChainMasqueradesWhatLeavesIt) {
  EXPECT_EQ(masquerade_chain(prefix("172.17.0.2/16")), "masq_172.17.0.0/16");
  EXPECT_EQ(rules_of("masq_172.17.0.0/16"),
            "masq_172.17.0.0/16: ip daddr 172.17.0.0/16 accept\n"
            "masq_172.17.0.0/16: ip daddr 224.0.0.0/4 accept\n"
            "masq_172.17.0.0/16: masquerade\n");
}

TEST(FirewallTable, AnIpv6SubnetsChainHasANameThatNftCanRead) {
  EXPECT_EQ(hairpin_chain(prefix("fd00:1::2/64")), "hairpin_fd00_1__/64");
  EXPECT_EQ(rules_of("hairpin_fd00_1__/64"),
            "hairpin_fd00_1__/64: ip6 saddr fd00:1::/64 masquerade\n");
}

TEST(FirewallTable, WhatLeadsToAllHairpinsIsMasqueradedWhateverItsSource) {
  EXPECT_EQ(rules_of("hairpin_all"), "hairpin_all: masquerade\n");
}

TEST(FirewallTable, AChainOfTheFixedPartHasNoRulesOfItsOwn) {
  for (const std::string_view chain : firewall_table().chains) {
    EXPECT_EQ(rules_of(std::string(chain)), "") << chain;
    EXPECT_THAT(fixed_part(), HasSubstr(format("add chain inet netctl {}", chain)));
  }
}

TEST(FirewallTable, TheFixedPartAsksTheNamedAddressFirst) {
  const std::string text = fixed_part();

  EXPECT_LT(text.find("dnat ip to ip daddr . meta l4proto . th dport map @publish4\n"),
            text.find("dnat ip to meta l4proto . th dport map @publish4_any\n"));
  EXPECT_THAT(text, HasSubstr("raw iifname != \"lo\" ip daddr 127.0.0.0/8 drop\n"));
}

TEST(FirewallTable, OnlyPublishedConnectionsAreHairpinned) {
  const std::string text = fixed_part();

  EXPECT_THAT(text, HasSubstr("postrouting ct status dnat ip daddr vmap @hairpin4\n"));
  EXPECT_THAT(text, HasSubstr("postrouting ct status dnat ip saddr 127.0.0.0/8 masquerade\n"));
  EXPECT_THAT(text, HasSubstr("postrouting ct status dnat ip6 daddr vmap @hairpin6\n"));
}

}  // namespace
}  // namespace netctl::attach

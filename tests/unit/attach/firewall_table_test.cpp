#include "runtime-core/attach/firewall_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl::attach {
namespace {

using testing::HasSubstr;

IpPrefix prefix(const std::string& text) { return parse_ip_prefix(text).value(); }

std::string text_of(void (*add)(nft::Batch&, const IpPrefix&), const std::string& network) {
  nft::Batch batch{std::string(kTable)};
  add(batch, prefix(network));
  return to_text(batch);
}

TEST(FirewallTable, ASubnetsChainMasqueradesWhatLeavesIt) {
  EXPECT_EQ(text_of(add_masquerade_chain, "172.17.0.2/16"),
            "create chain inet netctl masq_172.17.0.0/16\n"
            "add rule inet netctl masq_172.17.0.0/16 ip daddr 172.17.0.0/16 accept\n"
            "add rule inet netctl masq_172.17.0.0/16 ip daddr 224.0.0.0/4 accept\n"
            "add rule inet netctl masq_172.17.0.0/16 masquerade\n");
}

TEST(FirewallTable, AnIpv6SubnetsChainHasANameThatNftCanRead) {
  EXPECT_EQ(text_of(add_hairpin_chain, "fd00:1::2/64"),
            "create chain inet netctl hairpin_fd00_1__/64\n"
            "add rule inet netctl hairpin_fd00_1__/64 ip6 saddr fd00:1::/64 masquerade\n");
}

TEST(FirewallTable, TheFixedPartAsksTheNamedAddressFirst) {
  nft::Batch batch{std::string(kTable)};
  add_table(batch);
  const std::string text = to_text(batch);

  EXPECT_LT(text.find("dnat ip to ip daddr . meta l4proto . th dport map @publish4\n"),
            text.find("dnat ip to meta l4proto . th dport map @publish4_any\n"));
  EXPECT_THAT(text, HasSubstr("raw iifname != \"lo\" ip daddr 127.0.0.0/8 drop\n"));
}

TEST(FirewallTable, OnlyPublishedConnectionsAreHairpinned) {
  nft::Batch batch{std::string(kTable)};
  add_table(batch);
  const std::string text = to_text(batch);

  EXPECT_THAT(text, HasSubstr("postrouting ct status dnat ip daddr vmap @hairpin4\n"));
  EXPECT_THAT(text, HasSubstr("postrouting ct status dnat ip saddr 127.0.0.0/8 masquerade\n"));
  EXPECT_THAT(text, HasSubstr("postrouting ct status dnat ip6 daddr vmap @hairpin6\n"));
}

}  // namespace
}  // namespace netctl::attach

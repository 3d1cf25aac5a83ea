#include "netctl/firewall_watch.hpp"

#include <gtest/gtest.h>

namespace netctl::command {
namespace {

TEST(IsLoss, OnlyWhatOthersTakeOutOfOurTablesOrChangeWhereIptablesFilters) {
  const nft::Table firewall("netctl");
  const nft::Table spoof_guard("netctl", nft::TableFamily::Bridge);
  EXPECT_TRUE(is_loss({.table = firewall, .program = "nft"}));
  EXPECT_TRUE(is_loss({.table = spoof_guard, .program = "firewalld"}));
  EXPECT_TRUE(is_loss({.table = firewall, .program = ""}));
  EXPECT_TRUE(is_loss({.table = {"filter", nft::TableFamily::Ip}, .program = "iptables"}));
  EXPECT_TRUE(is_loss({.table = {"filter", nft::TableFamily::Ip6}, .program = "ip6tables"}));
  EXPECT_FALSE(is_loss({.table = "theirs", .program = "nft"}));
  EXPECT_FALSE(is_loss({.table = {"nat", nft::TableFamily::Ip}, .program = "iptables"}));
  for (const char* own : {"netctl", "bridge", "portmap", "ptp"}) {
    EXPECT_FALSE(is_loss({.table = firewall, .program = own})) << own;
  }
}

}  // namespace
}  // namespace netctl::command

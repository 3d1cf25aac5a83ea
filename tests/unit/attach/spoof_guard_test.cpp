#include "runtime-core/attach/spoof_guard.hpp"

#include <gtest/gtest.h>

namespace netctl::attach {
namespace {

TEST(SpoofGuard, IsOneRuleHoweverManyContainersThereAre) {
  nft::Batch batch(spoof_table().table);
  spoof_table().add_fixed_part(batch);
  EXPECT_EQ(to_text(batch),
            "create table bridge netctl\n"
            "add set bridge netctl guarded { type ifname ; }\n"
            "add set bridge netctl allowed { type ifname . ether_addr ; }\n"
            "add chain bridge netctl prerouting { type filter hook prerouting priority -300 ; "
            "policy accept ; }\n"
            "add rule bridge netctl prerouting iifname @guarded iifname . ether saddr != @allowed "
            "drop\n");
}

}  // namespace
}  // namespace netctl::attach

#include "runtime-core/attach/flow_table.hpp"

#include <gtest/gtest.h>

namespace netctl::attach {
namespace {

TEST(FlowTable, IsTwoRulesHoweverManyNetworksThereAre) {
  nft::Batch batch(flow_table().table);
  flow_table().add_fixed_part(batch);
  EXPECT_EQ(to_text(batch),
            "create table inet netctl-flows\n"
            "add set inet netctl-flows bridges { type ifname ; }\n"
            "add flowtable inet netctl-flows fast { hook ingress priority 0 ; }\n"
            "add chain inet netctl-flows forward { type filter hook forward priority 10 ; "
            "policy accept ; }\n"
            "add rule inet netctl-flows forward meta l4proto tcp ct state established,related "
            "iifname @bridges flow add @fast\n"
            "add rule inet netctl-flows forward meta l4proto tcp ct state established,related "
            "oifname @bridges flow add @fast\n");
}

}  // namespace
}  // namespace netctl::attach

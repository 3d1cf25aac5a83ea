// VLANs of bridge ports, as the kernel keeps them.
#include "tests/system/rtnl/rtnl_host.hpp"

namespace netctl::rtnl {
namespace {

constexpr VlanRange kNative1{.first = 1, .last = 1, .native = true, .untagged = true};
constexpr VlanRange kNative7{.first = 7, .last = 7, .native = true, .untagged = true};

// A bridge br0 that filters by VLAN, with the ports veth1 and veth2.
class Vlans : public RtnlHost {
 protected:
  void SetUp() override {
    RtnlHost::SetUp();
    if (IsSkipped()) return;
    Batch batch;
    batch.add_bridge({.name = "br0", .vlan_filtering = true});
    const Status made = apply(batch);
    if (!made && made.error().code == Errc::NotSupported) {
      GTEST_SKIP() << "the kernel has no CONFIG_BRIDGE_VLAN_FILTERING; " << made.error().message;
    }
    ASSERT_THAT(made, Succeeds());
    const int br0 = link("br0").index;
    veth("veth1", "p1", br0);
    veth("veth2", "p2", br0);
  }

  std::vector<VlanRange> vlans_of(const std::string& name) {
    auto vlans = host().vlans_of(link(name).index);
    EXPECT_THAT(vlans, Succeeds());
    return std::move(vlans).value_or(std::vector<VlanRange>{});
  }

  Status add(const std::string& name, const std::vector<VlanRange>& vlans) {
    Batch batch;
    batch.add_vlans(link(name).index, vlans);
    return apply(batch);
  }
};

TEST_F(Vlans, AreThoseOfTheOnePortThatIsAskedFor) {
  EXPECT_THAT(add("veth1", {kNative7, {.first = 100, .last = 199}}), Succeeds());

  EXPECT_THAT(vlans_of("veth1"), ElementsAre(VlanRange{.first = 1, .last = 1, .untagged = true},
                                             kNative7, VlanRange{.first = 100, .last = 199}));
  EXPECT_THAT(vlans_of("veth2"), ElementsAre(kNative1));
  EXPECT_THAT(vlans_of("br0"), ElementsAre(kNative1));
}

TEST_F(Vlans, AreAllTakenAwayByOneMessage) {
  Batch batch;
  const int port = link("veth1").index;
  batch.delete_vlans(port, {.first = 1, .last = 4094})
      .delete_vlans(port, {.first = 1, .last = 4094});
  EXPECT_THAT(apply(batch), Succeeds()) << "in none is success";

  EXPECT_THAT(vlans_of("veth1"), IsEmpty());
  EXPECT_THAT(vlans_of("veth2"), ElementsAre(kNative1));
}

TEST_F(Vlans, AllOfThemAreReadBack) {
  EXPECT_THAT(add("veth1", {{.first = 1, .last = 4094}}), Succeeds());

  std::size_t count = 0;
  for (const VlanRange& range : vlans_of("veth1")) count += range.last - range.first + 1U;
  EXPECT_EQ(count, 4094U);
}

TEST_F(Vlans, OfALinkThatIsNoPortAreAnError) {
  EXPECT_THAT(host().vlans_of(link("p1").index), FailsSaying(HasSubstr("list VLANs of link")));
}

TEST_F(Vlans, FilteringIsSwitchedOnAndOffOnABridgeThatExists) {
  for (const bool on : {false, true}) {
    Batch batch;
    batch.change_link({.link = "br0", .vlan_filtering = on});
    EXPECT_THAT(apply(batch), Succeeds());
    EXPECT_EQ(link("br0").vlan_filtering, on);
  }
}

}  // namespace
}  // namespace netctl::rtnl

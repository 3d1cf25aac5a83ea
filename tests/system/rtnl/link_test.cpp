#include <sys/mount.h>

#include <cerrno>

#include "tests/system/rtnl/rtnl_host.hpp"

namespace netctl::rtnl {
namespace {

using Links = RtnlHost;

TEST_F(Links, ABridgeIsBornWithItsAddressAndKeepsItWhenAPortComes) {
  const MacAddress mac{{0x0e, 1, 2, 3, 4, 5}};
  Batch batch;
  batch.add_bridge({.name = "br0", .mac = mac, .mtu = 1400})
      .change_link({.link = "br0", .up = true});
  ASSERT_THAT(apply(batch), Succeeds());
  Batch port;  // its address is lower than the bridge's
  port.add_veth({.name = "veth1",
                 .mac = {{2, 0, 0, 0, 0, 1}},
                 .mtu = 1400,
                 .master = link("br0").index,
                 .peer_name = "p1"});
  ASSERT_THAT(apply(port), Succeeds());

  const Link bridge = link("br0");
  EXPECT_EQ(bridge.kind, "bridge");
  EXPECT_EQ(bridge.mac, mac);
  EXPECT_EQ(bridge.mtu, 1400U);
  EXPECT_TRUE(bridge.up);
}

TEST_F(Links, ABridgeFiltersVlansFromBirth) {
  Batch batch;
  batch.add_bridge({.name = "br0", .vlan_filtering = true});
  const Status made = apply(batch);
  if (!made && made.error().code == Errc::NotSupported) {
    GTEST_SKIP() << "the kernel has no CONFIG_BRIDGE_VLAN_FILTERING; " << made.error().message;
  }
  ASSERT_THAT(made, Succeeds());

  ASSERT_EQ(::mount("sysfs", "/sys", "sysfs", 0, nullptr), 0);  // shows this namespace's links
  std::string filtering;
  std::ifstream("/sys/class/net/br0/bridge/vlan_filtering") >> filtering;
  EXPECT_EQ(filtering, "1");
}

TEST_F(Links, ABridgeThatExistsIsRefusedUnlessThatIsFine) {
  bridge("br0");
  Batch again;
  again.add_bridge({.name = "br0"});
  Batch fine;
  fine.add_bridge({.name = "br0"}, EEXIST);

  EXPECT_THAT(apply(again), FailsWith(Errc::Exists));
  EXPECT_THAT(apply(again), FailsSaying(HasSubstr("add bridge br0: File exists")));
  EXPECT_THAT(apply(fine), Succeeds());
}

TEST_F(Links, ANameTakenByAnotherKindIsRefused) {
  Batch batch;
  batch.add_bridge({.name = "lo"});

  EXPECT_THAT(apply(batch), FailsWith(Errc::Exists));
  EXPECT_EQ(link("lo").kind, "");
}

TEST_F(Links, APairIsMadeAcrossNamespacesInOneMessage) {
  const int br0 = bridge("br0");
  OtherNamespace container = OtherNamespace::make();
  const MacAddress mac{{2, 0, 0, 0, 0, 1}};
  const MacAddress peer_mac{{2, 0, 0, 0, 0, 2}};
  Batch batch;
  batch.add_veth({.name = "veth1",
                  .mac = mac,
                  .mtu = 1450,
                  .master = br0,
                  .peer_name = "eth0",
                  .peer_mac = peer_mac,
                  .peer_namespace = container.fd.get()});
  ASSERT_EQ(batch.size(), 1U);
  ASSERT_THAT(apply(batch), Succeeds());

  const Link here = link("veth1");
  const auto there = container.socket->link_by_name("eth0");
  ASSERT_THAT(there, Succeeds());
  EXPECT_EQ(here.kind, "veth");
  EXPECT_EQ(here.mac, mac);
  EXPECT_EQ(here.mtu, 1450U);
  EXPECT_EQ(here.master, br0);
  EXPECT_EQ(here.peer, there->index);
  EXPECT_FALSE(here.up);
  EXPECT_EQ(there->mac, peer_mac);
  EXPECT_EQ(there->mtu, 1450U);
  EXPECT_EQ(there->peer, here.index);
  EXPECT_FALSE(there->up);
  EXPECT_THAT(host().find_link("eth0").value(), testing::Eq(std::nullopt));
}

TEST_F(Links, CarrierComesWhenBothEndsAreUp) {
  veth("veth1", "eth0");
  ASSERT_TRUE(link("veth1").up);
  EXPECT_FALSE(link("veth1").carrier);
  Batch batch;
  batch.change_link({.link = "eth0", .up = true});
  ASSERT_THAT(apply(batch), Succeeds());

  EXPECT_TRUE(link("veth1").carrier);
  EXPECT_TRUE(link("eth0").carrier);
}

TEST_F(Links, ATakenNameInTheOtherNamespaceLeavesNothingBehind) {
  OtherNamespace container = OtherNamespace::make();
  Batch batch;
  batch.add_veth({.name = "veth1", .peer_name = "lo", .peer_namespace = container.fd.get()});

  EXPECT_THAT(apply(batch), FailsWith(Errc::Exists));
  EXPECT_THAT(apply(batch), FailsSaying(HasSubstr("add veth veth1 with peer lo")));
  EXPECT_THAT(host().links().value(), testing::SizeIs(1));  // lo
}

TEST_F(Links, EverythingThatCanChangeDoes) {
  const int br0 = bridge("br0");
  veth("veth1", "eth0");
  const MacAddress mac{{2, 9, 9, 9, 9, 9}};
  Batch batch;
  batch.change_link({.link = "veth1",
                     .up = false,
                     .alias = "net c1 eth0",
                     .mtu = 1300,
                     .mac = mac,
                     .promiscuous = true,
                     .all_multicast = true,
                     .tx_queue = 77,
                     .master = br0,
                     .hairpin = true,
                     .isolated = true});
  ASSERT_THAT(apply(batch), Succeeds());

  const Link veth1 = link("veth1");
  EXPECT_FALSE(veth1.up);
  EXPECT_EQ(veth1.alias, "net c1 eth0");
  EXPECT_EQ(veth1.mtu, 1300U);
  EXPECT_EQ(veth1.mac, mac);
  EXPECT_TRUE(veth1.promiscuous);
  EXPECT_TRUE(veth1.all_multicast);
  EXPECT_EQ(veth1.tx_queue, 77U);
  EXPECT_EQ(veth1.master, br0);
  EXPECT_TRUE(veth1.hairpin);
  EXPECT_TRUE(veth1.isolated);
}

TEST_F(Links, WhatIsAbsentFromAChangeStays) {
  const int br0 = bridge("br0");
  veth("veth1", "eth0", br0);
  Batch first;
  first.change_link({.link = "veth1", .alias = "c1", .hairpin = true, .isolated = true});
  Batch second;
  second.change_link({.link = link("veth1").index, .isolated = false});
  ASSERT_THAT(apply(first), Succeeds());
  const Link before = link("veth1");
  ASSERT_THAT(apply(second), Succeeds());

  Link expected = before;
  expected.isolated = false;
  EXPECT_EQ(link("veth1"), expected);
  EXPECT_EQ(before.alias, "c1");
}

TEST_F(Links, APortIsTakenOutOfItsBridgeAndAnAliasOffItsLink) {
  veth("veth1", "eth0", bridge("br0"));
  const std::string longest(255, 'x');
  Batch set;
  set.change_link({.link = "veth1", .alias = longest});
  ASSERT_THAT(apply(set), Succeeds());
  ASSERT_EQ(link("veth1").alias, longest);
  Batch clear;
  clear.change_link({.link = "veth1", .alias = "", .master = 0});
  ASSERT_THAT(apply(clear), Succeeds());

  EXPECT_EQ(link("veth1").alias, "");
  EXPECT_EQ(link("veth1").master, std::nullopt);
}

TEST_F(Links, PortFlagsOfALinkWithoutABridgeAreRefused) {
  veth("veth1", "eth0");
  Batch batch;
  batch.change_link({.link = "veth1", .hairpin = true});
  EXPECT_THAT(apply(batch), FailsWith(Errc::NotSupported));
  EXPECT_THAT(apply(batch), FailsSaying(HasSubstr("set veth1 hairpin on: ")));
}

TEST_F(Links, Ipv4ParametersAreSetInTheKernel) {
  veth("veth1", "eth0");
  ASSERT_EQ(ipv4_parameter("eth0", "arp_notify"), "0");
  ASSERT_EQ(ipv4_parameter("eth0", "route_localnet"), "0");
  Batch batch;
  batch.change_link({.link = "eth0", .up = true, .arp_notify = true})
      .change_link({.link = "veth1", .route_localnet = true});
  ASSERT_THAT(apply(batch), Succeeds());

  EXPECT_EQ(ipv4_parameter("eth0", "arp_notify"), "1");
  EXPECT_EQ(ipv4_parameter("eth0", "route_localnet"), "0");
  EXPECT_EQ(ipv4_parameter("veth1", "arp_notify"), "0");
  EXPECT_EQ(ipv4_parameter("veth1", "route_localnet"), "1");
  EXPECT_TRUE(link("veth1").route_localnet);
  EXPECT_FALSE(link("eth0").route_localnet);

  Batch off;
  off.change_link({.link = "veth1", .route_localnet = false});
  ASSERT_THAT(apply(off), Succeeds());
  EXPECT_EQ(ipv4_parameter("veth1", "route_localnet"), "0");
}

TEST_F(Links, AChangeOfALinkThatIsNotThereIsNotFound) {
  const LinkChange changes[] = {
      {.link = "none0", .up = true},
      {.link = "none0", .hairpin = true},
      {.link = "none0", .arp_notify = true},
      {.link = 4711, .alias = "c1"},
  };
  for (const LinkChange& change : changes) {
    Batch batch;
    batch.change_link(change);
    SCOPED_TRACE(batch.text(0));
    EXPECT_THAT(apply(batch), FailsWith(Errc::NotFound));
  }
  EXPECT_THAT(host().links().value(), testing::SizeIs(1)) << "and it is not made";
}

TEST_F(Links, ALinkThatIsGoneAlreadyIsDeleted) {
  veth("veth1", "eth0");
  const int index = link("veth1").index;
  Batch batch;
  batch.delete_link("veth1").delete_link("veth1").delete_link(index);
  EXPECT_THAT(apply(batch), Succeeds());

  EXPECT_EQ(host().find_link("veth1").value(), std::nullopt);
  EXPECT_EQ(host().find_link("eth0").value(), std::nullopt) << "the peer goes with it";
}

TEST_F(Links, ALinkWhoseDeletionReturnedIsGoneForEverybody) {
  for (int round = 0; round < 5; ++round) {
    SCOPED_TRACE(round);
    veth("veth1", "eth0");  // neither name is taken any more
    const int index = link("veth1").index;

    EXPECT_THAT(host().delete_link("veth1"), Succeeds());
    EXPECT_EQ(host().find_link("veth1").value(), std::nullopt);
    EXPECT_EQ(host().find_link("eth0").value(), std::nullopt) << "the peer goes with it";
    EXPECT_THAT(host().links().value(), testing::SizeIs(1));

    EXPECT_THAT(host().delete_link("veth1"), Succeeds()) << "it is gone already";
    EXPECT_THAT(host().delete_link(index), Succeeds());
  }
}

TEST_F(Links, LoCannotBeDeletedAndTheErrorNamesIt) {
  Batch batch;
  batch.delete_link("lo");
  EXPECT_THAT(apply(batch), FailsWith(Errc::NotSupported));
  EXPECT_THAT(apply(batch), FailsSaying(HasSubstr("delete link lo: ")));
  EXPECT_THAT(host().delete_link("lo"), FailsWith(Errc::NotSupported));
  EXPECT_THAT(host().delete_link("lo"), FailsSaying(HasSubstr("delete link lo: ")));
  EXPECT_THAT(host().delete_link(std::string(5000, 'x')), FailsSaying(HasSubstr("delete link x")));
}

TEST_F(Links, AbsenceIsAnAnswerToFindAndAnErrorToByName) {
  EXPECT_EQ(host().find_link("none0").value(), std::nullopt);
  EXPECT_EQ(host().find_link(4711).value(), std::nullopt);
  EXPECT_THAT(host().link_by_name("none0"), FailsWith(Errc::NotFound));
  EXPECT_THAT(host().link_by_name("none0"), FailsSaying(HasSubstr("none0")));
  EXPECT_EQ(host().find_link("lo").value(), host().find_link(1).value());
}

TEST_F(Links, ANameTooLongIsAnErrorThatNamesIt) {
  EXPECT_THAT(host().find_link("sixteen-bytes-xx"), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(host().find_link("sixteen-bytes-xx"), FailsSaying(HasSubstr("sixteen-bytes-xx")));
  EXPECT_THAT(host().find_link(std::string(5000, 'x')), FailsSaying(HasSubstr("Message too long")));
}

TEST_F(Links, PortsAreThoseOfTheOneBridge) {
  const int br0 = bridge("br0");
  const int br1 = bridge("br1");
  veth("a0", "a1", br0);
  veth("b0", "b1", br0);
  veth("c0", "c1", br1);

  const auto names = [&](int bridge) {
    std::vector<std::string> all;
    for (const Link& port : host().ports_of(bridge).value()) all.push_back(port.name);
    return all;
  };
  EXPECT_THAT(names(br0), testing::UnorderedElementsAre("a0", "b0"));
  EXPECT_THAT(names(br1), ElementsAre("c0"));
  EXPECT_THAT(names(link("c1").index), IsEmpty());
}

TEST_F(Links, ManyLinksCannotBeReadInOneDatagramAndAllAreListed) {
  Batch batch;
  for (int i = 0; i < 100; ++i) batch.add_bridge({.name = "br" + std::to_string(i)});
  ASSERT_THAT(apply(batch), Succeeds());

  const auto links = host().links();
  ASSERT_THAT(links, Succeeds());
  EXPECT_EQ(links->size(), 101U);
  EXPECT_EQ(links->back().name, "br99");
}

TEST_F(Links, TheSocketStaysInItsNamespaceWhenTheThreadMovesOn) {
  bridge("br0");
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  EXPECT_THAT(host().link_by_name("br0"), Succeeds());
}

}  // namespace
}  // namespace netctl::rtnl

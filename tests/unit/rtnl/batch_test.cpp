#include "runtime-core/rtnl/batch.hpp"

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/rtnl/parse.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/rtnl/wire.hpp"

namespace netctl::rtnl {
namespace {

using test::Succeeds;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const Batch& batch) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < batch.size(); ++i) all.push_back(batch.text(i));
  return all;
}

// The content of an attribute of a message about a link.
auto in_link(const Batch& batch, std::size_t index, std::initializer_list<int> path) {
  return wire::find(batch.bytes(index), sizeof(ifinfomsg), path);
}

TEST(Batch, EachMessageAsksForAnAnswerAndHasNoNumberYet) {
  Batch batch;
  batch.add_bridge({.name = "br0"}).delete_link("br0").add_address(1, prefix("10.0.0.1/8"));

  ASSERT_EQ(batch.size(), 3U);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    SCOPED_TRACE(batch.text(i));
    const auto header = wire::read<nlmsghdr>(batch.bytes(i));
    EXPECT_EQ(header.nlmsg_len, batch.bytes(i).size());
    EXPECT_EQ(header.nlmsg_flags & (NLM_F_REQUEST | NLM_F_ACK), NLM_F_REQUEST | NLM_F_ACK);
    EXPECT_EQ(header.nlmsg_seq, 0U);
  }
}

TEST(Batch, ABridgeIsReadBackAsItWasWritten) {
  Batch batch;
  const MacAddress mac{{2, 1, 2, 3, 4, 5}};
  batch.add_bridge({.name = "cni0",
                    .mac = mac,
                    .mtu = 1400,
                    .vlan_filtering = true,
                    .multicast_snooping = false});

  EXPECT_THAT(texts(batch), ElementsAre("add bridge cni0"));
  EXPECT_EQ(wire::read<std::uint32_t>(in_link(batch, 0, {IFLA_MTU}).value()), 1400U);
  EXPECT_EQ(wire::read<MacAddress>(in_link(batch, 0, {IFLA_ADDRESS}).value()), mac);
  const auto filtering = in_link(batch, 0, {IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BR_VLAN_FILTERING});
  EXPECT_EQ(wire::read<std::uint8_t>(filtering.value()), 1);
  const auto snooping = in_link(batch, 0, {IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BR_MCAST_SNOOPING});
  EXPECT_EQ(wire::read<std::uint8_t>(snooping.value()), 0);
}

TEST(Batch, WhatABridgeIsNotGivenIsLeftToTheKernel) {
  Batch batch;
  batch.add_bridge({.name = "cni0"});

  EXPECT_FALSE(in_link(batch, 0, {IFLA_MTU}));
  EXPECT_FALSE(in_link(batch, 0, {IFLA_ADDRESS}));
  EXPECT_FALSE(in_link(batch, 0, {IFLA_LINKINFO, IFLA_INFO_DATA}));
}

TEST(Batch, APeerHasItsOwnHeaderAndAttributesWithinThePairs) {
  Batch batch;
  batch.add_veth(
      {.name = "veth1", .mtu = 1450, .master = 3, .peer_name = "eth0", .peer_namespace = 9});

  EXPECT_THAT(texts(batch), ElementsAre("add veth veth1 with peer eth0"));
  const auto peer = in_link(batch, 0, {IFLA_LINKINFO, IFLA_INFO_DATA, VETH_INFO_PEER});
  ASSERT_TRUE(peer);
  EXPECT_EQ(wire::read<ifinfomsg>(*peer).ifi_flags, 0U) << "the kernel would answer ENOTCONN";
  const auto attributes = peer->subspan(sizeof(ifinfomsg));
  EXPECT_EQ(wire::read<std::uint32_t>(wire::find(attributes, IFLA_MTU).value()), 1450U);
  EXPECT_EQ(wire::read<std::uint32_t>(wire::find(attributes, IFLA_NET_NS_FD).value()), 9U);
  EXPECT_FALSE(wire::find(attributes, IFLA_MASTER));
  for (const int queues : {IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES}) {
    EXPECT_EQ(wire::read<std::uint32_t>(in_link(batch, 0, {queues}).value()), 1U);
    EXPECT_EQ(wire::read<std::uint32_t>(wire::find(attributes, queues).value()), 1U);
  }
}

TEST(Batch, AChangeOfNothingIsNoMessage) {
  Batch batch;
  batch.change_link({.link = "eth0"});
  EXPECT_EQ(batch.size(), 0U);
}

TEST(Batch, NoLinkLocalAddressIsAskedForWithTheRest) {
  Batch batch;
  batch.change_link({.link = "veth1", .alias = "net/c1/eth0", .link_local = false});

  EXPECT_THAT(texts(batch), ElementsAre("set veth1 alias \"net/c1/eth0\", link-local off"));
  const auto mode = in_link(batch, 0, {IFLA_AF_SPEC, AF_INET6, IFLA_INET6_ADDR_GEN_MODE});
  EXPECT_EQ(wire::read<std::uint8_t>(mode.value()), IN6_ADDR_GEN_MODE_NONE);
}

TEST(Batch, ArpNotifyIsSetBeforeTheInterfaceComesUp) {
  Batch batch;
  batch.change_link({.link = 7, .up = true, .arp_notify = true, .route_localnet = false});

  EXPECT_THAT(texts(batch),
              ElementsAre("set link 7 arp_notify on, route_localnet off", "set link 7 up"));
  EXPECT_EQ(wire::read<ifinfomsg>(batch.bytes(0), sizeof(nlmsghdr)).ifi_change, 0U);
  const auto notify =
      in_link(batch, 0, {IFLA_AF_SPEC, AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_ARP_NOTIFY});
  EXPECT_EQ(wire::read<std::uint32_t>(notify.value()), 1U);
  EXPECT_FALSE(in_link(batch, 1, {IFLA_AF_SPEC}));
}

TEST(Batch, APortsFlagsFollowItsJoiningTheBridge) {
  Batch batch;
  batch.change_link({.link = "veth1", .up = true, .master = 3, .hairpin = true});

  EXPECT_THAT(texts(batch), ElementsAre("set veth1 master link 3", "set veth1 up, hairpin on"));
  EXPECT_EQ(wire::read<nlmsghdr>(batch.bytes(1)).nlmsg_type, RTM_NEWLINK);
  EXPECT_EQ(wire::read<nlmsghdr>(batch.bytes(1)).nlmsg_flags & NLM_F_CREATE, 0);
  const auto mode = in_link(batch, 1, {IFLA_LINKINFO, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_MODE});
  EXPECT_EQ(wire::read<std::uint8_t>(mode.value()), 1);
}

// The VLANs of a message as the kernel reads them: flags and numbers, in their order.
std::vector<std::pair<int, int>> vlans_in(const Batch& batch, std::size_t index) {
  std::vector<std::pair<int, int>> all;
  auto row = in_link(batch, index, {IFLA_AF_SPEC}).value();
  for (; row.size() >= 8; row = row.subspan(8)) {
    EXPECT_EQ(wire::read<nlattr>(row).nla_type, IFLA_BRIDGE_VLAN_INFO);
    const auto info = wire::read<bridge_vlan_info>(row, sizeof(nlattr));
    all.emplace_back(info.flags, info.vid);
  }
  return all;
}

TEST(Batch, AWholeTrunkIsOneMessageAndARangeItsTwoEnds) {
  Batch batch;
  const VlanRange vlans[] = {{.first = 7, .last = 7, .native = true, .untagged = true},
                             {.first = 100, .last = 1999},
                             {.first = 3000, .last = 3000}};
  batch.add_vlans(9, vlans);

  EXPECT_THAT(texts(batch), ElementsAre("put link 9 into VLANs 7 native untagged, 100-1999, 3000"));
  EXPECT_EQ(wire::read<nlmsghdr>(batch.bytes(0)).nlmsg_type, RTM_SETLINK);
  const auto header = wire::read<ifinfomsg>(batch.bytes(0), sizeof(nlmsghdr));
  EXPECT_EQ(header.ifi_family, AF_BRIDGE);
  EXPECT_EQ(header.ifi_index, 9);
  EXPECT_THAT(vlans_in(batch, 0),
              ElementsAre(std::pair(BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED, 7),
                          std::pair(BRIDGE_VLAN_INFO_RANGE_BEGIN, 100),
                          std::pair(BRIDGE_VLAN_INFO_RANGE_END, 1999), std::pair(0, 3000)));
}

TEST(Batch, ATrunkOfMoreRangesThanFitIntoAMessageIsSeveral) {
  std::vector<VlanRange> vlans;
  for (std::uint16_t id = 1; id < 4094; id = static_cast<std::uint16_t>(id + 3)) {
    vlans.push_back({.first = id, .last = static_cast<std::uint16_t>(id + 1)});
  }
  Batch batch;
  batch.add_vlans(9, vlans);

  std::size_t sent = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) sent += vlans_in(batch, i).size();
  EXPECT_EQ(sent, 2 * vlans.size());
}

TEST(Batch, NoVlansAreNoMessage) {
  Batch batch;
  batch.add_vlans(9, {});
  EXPECT_EQ(batch.size(), 0U);
}

TEST(Batch, AllVlansOfAPortAreTakenAwayByOneRange) {
  Batch batch;
  batch.delete_vlans(9, {.first = 1, .last = 4094});

  EXPECT_THAT(texts(batch), ElementsAre("take link 9 out of VLANs 1-4094"));
  EXPECT_EQ(wire::read<nlmsghdr>(batch.bytes(0)).nlmsg_type, RTM_DELLINK);
  EXPECT_EQ(wire::read<ifinfomsg>(batch.bytes(0), sizeof(nlmsghdr)).ifi_family, AF_BRIDGE)
      << "of any other family, the link itself would be deleted";
  EXPECT_THAT(vlans_in(batch, 0), ElementsAre(std::pair(BRIDGE_VLAN_INFO_RANGE_BEGIN, 1),
                                              std::pair(BRIDGE_VLAN_INFO_RANGE_END, 4094)));
}

TEST(Batch, VlanFilteringOfABridgeThatExistsIsChanged) {
  Batch batch;
  batch.change_link({.link = 3, .vlan_filtering = true});

  EXPECT_THAT(texts(batch), ElementsAre("set link 3 vlan_filtering on"));
  EXPECT_EQ(wire::read<nlmsghdr>(batch.bytes(0)).nlmsg_type, RTM_NEWLINK);
  EXPECT_EQ(wire::read<nlmsghdr>(batch.bytes(0)).nlmsg_flags & NLM_F_CREATE, 0);
  const auto filtering = in_link(batch, 0, {IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BR_VLAN_FILTERING});
  EXPECT_EQ(wire::read<std::uint8_t>(filtering.value()), 1);
  EXPECT_FALSE(in_link(batch, 0, {IFLA_LINKINFO, IFLA_INFO_SLAVE_KIND}));
}

TEST(Batch, AnAliasIsSentWithoutATerminatingZero) {
  Batch batch;
  batch.change_link({.link = "veth1", .alias = "c1"}).change_link({.link = "veth1", .alias = ""});

  EXPECT_EQ(in_link(batch, 0, {IFLA_IFALIAS}).value().size(), 2U);
  EXPECT_THAT(in_link(batch, 1, {IFLA_IFALIAS}).value(), IsEmpty());
}

TEST(Batch, ALinkGivenByIndexIsNotRenamed) {
  Batch batch;
  batch.change_link({.link = 7, .mtu = 1500}).delete_link(7).delete_link("veth1");

  EXPECT_THAT(texts(batch),
              ElementsAre("set link 7 mtu 1500", "delete link 7", "delete link veth1"));
  EXPECT_FALSE(in_link(batch, 0, {IFLA_IFNAME}));
  EXPECT_EQ(wire::read<ifinfomsg>(batch.bytes(1), sizeof(nlmsghdr)).ifi_index, 7);
  EXPECT_TRUE(in_link(batch, 2, {IFLA_IFNAME}));
}

TEST(Batch, AnAddressGetsABroadcastAddressWhereThereIsRoomForOne) {
  const struct {
    const char* address;
    const char* broadcast;  // empty: none
  } cases[] = {
      {"172.17.0.2/16", "172.17.255.255"},
      {"10.0.0.1/30", "10.0.0.3"},
      {"10.0.0.1/31", ""},
      {"10.0.0.1/32", ""},
      {"fd00::1/64", ""},
  };
  for (const auto& [text, broadcast] : cases) {
    SCOPED_TRACE(text);
    Batch batch;
    batch.add_address(2, prefix(text));
    const auto sent = wire::find(batch.bytes(0), sizeof(ifaddrmsg), {IFA_BROADCAST});
    ASSERT_EQ(sent.has_value(), *broadcast != '\0');
    if (sent) {
      EXPECT_EQ(wire::read<in_addr_t>(*sent),
                wire::read<in_addr_t>(std::as_bytes(ip(broadcast).bytes())));
    }
  }
}

TEST(Batch, AnAddressIsReadBackAsItWasWritten) {
  for (const char* text : {"172.17.0.2/16", "fd00::5/64", "10.0.0.1/32"}) {
    SCOPED_TRACE(text);
    Batch batch;
    batch.add_address(2, prefix(text));
    const auto back = parse_address(batch.bytes(0));
    ASSERT_THAT(back, Succeeds());
    EXPECT_EQ(back->prefix, prefix(text));
    EXPECT_EQ(back->link, 2);
    EXPECT_THAT(texts(batch), ElementsAre(std::string("add address ") + text + " to link 2"));
  }
}

TEST(Batch, ARouteIsReadBackAsItWasWritten) {
  const struct {
    Route route;
    const char* text;
  } cases[] = {
      {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.0.0.1")},
       "add route 0.0.0.0/0 via 10.0.0.1"},
      {{.destination = prefix("::/0"), .gateway = ip("fe80::1"), .link = 2},
       "add route ::/0 via fe80::1 on link 2"},
      {{.destination = prefix("0.0.0.0/0"), .gateway = ip("fe80::1"), .link = 2},
       "add route 0.0.0.0/0 via fe80::1 on link 2"},
      {{.destination = prefix("10.1.0.0/16"),
        .source = ip("10.1.0.2"),
        .link = 3,
        .metric = 7,
        .table = 1000,
        .scope = RT_SCOPE_LINK,
        .protocol = RTPROT_STATIC,
        .type = RTN_LOCAL,
        .mtu = 1400,
        .advmss = 1360},
       "add route 10.1.0.0/16 on link 3, table 1000"},
  };
  for (const auto& [route, text] : cases) {
    SCOPED_TRACE(text);
    Batch batch;
    batch.add_route(route);
    const auto back = parse_route(batch.bytes(0));
    ASSERT_THAT(back, Succeeds());
    EXPECT_EQ(*back, route);
    EXPECT_THAT(texts(batch), ElementsAre(text));
  }
}

TEST(Batch, ARoutesHostBitsAreCleared) {
  Batch batch;
  batch.add_route({.destination = prefix("10.1.2.3/16"), .link = 3});
  EXPECT_EQ(parse_route(batch.bytes(0))->destination, prefix("10.1.0.0/16"));
}

TEST(Batch, WhatDoesNotFitIntoAMessageHasNoBytes) {
  Batch batch;
  batch.change_link({.link = "eth0", .alias = std::string(70000, 'x')})
      .delete_link(std::string(5000, 'x'));
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_THAT(batch.bytes(0), IsEmpty());
  EXPECT_THAT(batch.bytes(1), IsEmpty());
}

}  // namespace
}  // namespace netctl::rtnl

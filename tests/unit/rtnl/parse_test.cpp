#include "runtime-core/rtnl/parse.hpp"

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"
#include "tests/unit/rtnl/wire.hpp"

namespace netctl::rtnl {
namespace {

using test::FailsWith;
using test::Succeeds;
using testing::ElementsAre;
using testing::IsEmpty;
using wire::attribute;
using wire::Bytes;
using wire::join;
using wire::list;
using wire::raw;
using wire::text;

Bytes link_message(const Bytes& attributes, int index = 7, unsigned flags = 0) {
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_flags = flags;
  return wire::message(RTM_NEWLINK, join({raw(header), attributes}));
}

Bytes address_message(int family, int length, const Bytes& attributes, std::uint32_t link = 7) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<std::uint8_t>(family);
  header.ifa_prefixlen = static_cast<std::uint8_t>(length);
  header.ifa_index = link;
  return wire::message(RTM_NEWADDR, join({raw(header), attributes}));
}

Bytes route_message(int family, int length, const Bytes& attributes) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(family);
  header.rtm_dst_len = static_cast<std::uint8_t>(length);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_BOOT;
  header.rtm_type = RTN_UNICAST;
  return wire::message(RTM_NEWROUTE, join({raw(header), attributes}));
}

Bytes name(const char* value) { return attribute(IFLA_IFNAME, text(value)); }

const Bytes kVethPort = link_message(
    join({name("veth1"), attribute(IFLA_MTU, raw(std::uint32_t{1450})),
          attribute(IFLA_ADDRESS, list({2, 0x42, 0xac, 0x11, 0, 2})),
          attribute(IFLA_MASTER, raw(std::uint32_t{3})),
          attribute(IFLA_LINK, raw(std::uint32_t{2})), attribute(IFLA_IFALIAS, text("net c1 eth0")),
          attribute(IFLA_LINKINFO,
                    join({attribute(IFLA_INFO_KIND, text("veth")),
                          attribute(IFLA_INFO_SLAVE_KIND, text("bridge")),
                          attribute(IFLA_INFO_SLAVE_DATA,
                                    join({attribute(IFLA_BRPORT_STATE, list({3})),
                                          attribute(IFLA_BRPORT_MODE, list({1})),
                                          attribute(IFLA_BRPORT_ISOLATED, list({1}))}))}))}),
    7, IFF_UP | IFF_LOWER_UP | IFF_PROMISC);

const Bytes kMetricRoute = route_message(
    AF_INET, 16,
    join({attribute(RTA_DST, list({172, 18, 0, 0})), attribute(RTA_GATEWAY, list({172, 17, 0, 1})),
          attribute(RTA_PREFSRC, list({172, 17, 0, 2})), attribute(RTA_OIF, raw(std::uint32_t{7})),
          attribute(RTA_PRIORITY, raw(std::uint32_t{50})),
          attribute(RTA_TABLE, raw(std::uint32_t{1000})),
          attribute(RTA_METRICS, join({attribute(RTAX_MTU, raw(std::uint32_t{1400})),
                                       attribute(RTAX_ADVMSS, raw(std::uint32_t{1360}))}))}));

const Bytes kAddress6 =
    address_message(AF_INET6, 64,
                    join({attribute(IFA_ADDRESS, list({0xfd, 0, 0, 0, 0, 0, 0, 0,  //
                                                       0, 0, 0, 0, 0, 0, 0, 5})),
                          attribute(IFA_FLAGS, raw(std::uint32_t{IFA_F_TENTATIVE}))}));

Bytes vlan_info(int flags, int vlan) {
  return attribute(BRIDGE_VLANDB_ENTRY_INFO,
                   raw(bridge_vlan_info{.flags = static_cast<std::uint16_t>(flags),
                                        .vid = static_cast<std::uint16_t>(vlan)}));
}

Bytes vlan_entry(const Bytes& attributes) {
  return attribute(BRIDGE_VLANDB_ENTRY | NLA_F_NESTED, attributes);
}

Bytes vlan_message(const Bytes& entries) {
  br_vlan_msg header{};
  header.family = AF_BRIDGE;
  header.ifindex = 7;
  return wire::message(RTM_NEWVLAN, join({raw(header), entries}));
}

const Bytes kVlans = vlan_message(
    join({vlan_entry(vlan_info(BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED, 7)),
          vlan_entry(join({vlan_info(0, 100), attribute(BRIDGE_VLANDB_ENTRY_STATE, list({3})),
                           attribute(BRIDGE_VLANDB_ENTRY_RANGE, raw(std::uint16_t{199}))}))}));

const Bytes kRefusedAck =
    wire::error_message(-EEXIST, attribute(NLMSGERR_ATTR_MSG, text("Address already assigned.")),
                        NLM_F_ACK_TLVS | NLM_F_CAPPED);

TEST(ParseLink, AVethThatIsABridgePortHasAllItsFields) {
  const auto link = parse_link(kVethPort);

  ASSERT_THAT(link, Succeeds());
  const Link expected{.index = 7,
                      .name = "veth1",
                      .kind = "veth",
                      .alias = "net c1 eth0",
                      .mac = {{2, 0x42, 0xac, 0x11, 0, 2}},
                      .mtu = 1450,
                      .up = true,
                      .carrier = true,
                      .promiscuous = true,
                      .master = 3,
                      .peer = 2,
                      .hairpin = true,
                      .isolated = true,
                      .port_state = 3};
  EXPECT_EQ(*link, expected);
}

TEST(ParseLink, WhatIsNotReportedIsAbsent) {
  const auto link = parse_link(link_message(name("lo"), 1));

  ASSERT_THAT(link, Succeeds());
  EXPECT_EQ(*link, (Link{.index = 1, .name = "lo"}));
}

TEST(ParseLink, TheLinkOfAnotherKindThanVethIsNoPeer) {
  const auto kind = attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, text("macvlan")));
  const auto link =
      parse_link(link_message(join({name("mv0"), attribute(IFLA_LINK, raw(2U)), kind})));

  ASSERT_THAT(link, Succeeds());
  EXPECT_EQ(link->peer, std::nullopt);
  EXPECT_EQ(link->kind, "macvlan");
}

TEST(ParseLink, ABridgeTellsWhetherItFiltersVlans) {
  for (const int on : {0, 1}) {
    const auto info =
        attribute(IFLA_LINKINFO,
                  join({attribute(IFLA_INFO_KIND, text("bridge")),
                        attribute(IFLA_INFO_DATA, attribute(IFLA_BR_VLAN_FILTERING, list({on})))}));
    const auto link = parse_link(link_message(join({name("br0"), info})));

    ASSERT_THAT(link, Succeeds());
    EXPECT_EQ(link->vlan_filtering, on == 1);
  }
}

Bytes with_route_localnet(std::uint32_t value) {
  std::vector<std::uint32_t> conf(IPV4_DEVCONF_MAX);
  conf[IPV4_DEVCONF_ROUTE_LOCALNET - 1] = value;
  Bytes values;
  for (const std::uint32_t each : conf) values = join({values, raw(each)});
  return join({name("br0"),
               attribute(IFLA_AF_SPEC, join({attribute(AF_INET, attribute(IFLA_INET_CONF, values)),
                                             attribute(AF_INET6, list({1, 2, 3, 4}))}))});
}

TEST(ParseLink, ALinkTellsWhetherLoopbackAddressesMayBeRoutedThroughIt) {
  EXPECT_TRUE(parse_link(link_message(with_route_localnet(1)))->route_localnet);
  EXPECT_FALSE(parse_link(link_message(with_route_localnet(0)))->route_localnet);
  // Without IPv4, with fewer parameters than we know, and where the same number means VLANs.
  const auto with = [](const Bytes& spec, std::uint8_t family = AF_UNSPEC) {
    ifinfomsg header{};
    header.ifi_family = family;
    header.ifi_index = 7;
    return parse_link(wire::message(
        RTM_NEWLINK, join({raw(header), name("br0"), attribute(IFLA_AF_SPEC, spec)})));
  };
  for (const auto& link :
       {with({}), with(attribute(AF_INET, attribute(IFLA_INET_CONF, raw(std::uint32_t{1})))),
        with(attribute(IFLA_BRIDGE_VLAN_INFO, list({0, 0, 1, 0})), AF_BRIDGE)}) {
    ASSERT_THAT(link, Succeeds());
    EXPECT_FALSE(link->route_localnet);
  }
}

TEST(ParseVlans, ARangeIsOneEntryAndEachHasItsWays) {
  const auto vlans = parse_vlans(kVlans);

  ASSERT_THAT(vlans, Succeeds());
  EXPECT_THAT(*vlans,
              ElementsAre(VlanRange{.first = 7, .last = 7, .native = true, .untagged = true},
                          VlanRange{.first = 100, .last = 199}));
}

TEST(ParseVlans, APortWithoutAnyIsAnEmptyList) {
  const auto vlans = parse_vlans(vlan_message({}));

  ASSERT_THAT(vlans, Succeeds());
  EXPECT_THAT(*vlans, IsEmpty());
}

TEST(ParseVlans, NonsenseIsRefused) {
  const auto range = [](int first, std::uint16_t last) {
    return vlan_message(
        vlan_entry(join({vlan_info(0, first), attribute(BRIDGE_VLANDB_ENTRY_RANGE, raw(last))})));
  };
  const struct {
    const char* what;
    Bytes message;
  } cases[] = {
      {"another type", kVethPort},
      {"no header", wire::message(RTM_NEWVLAN, list({7}))},
      {"an entry without a VLAN", vlan_message(vlan_entry({}))},
      {"VLAN 0", vlan_message(vlan_entry(vlan_info(0, 0)))},
      {"a VLAN beyond the last", vlan_message(vlan_entry(vlan_info(0, 4095)))},
      {"a range that ends before it begins", range(200, 199)},
      {"a range beyond the last VLAN", range(200, 4095)},
  };
  for (const auto& [what, message] : cases) {
    SCOPED_TRACE(what);
    EXPECT_THAT(parse_vlans(message), FailsWith(Errc::Io));
  }
}

TEST(ParseLink, TheFlagsOfAPortOfAnotherMasterAreNotTakenForABridges) {
  const auto info =
      attribute(IFLA_LINKINFO,
                join({attribute(IFLA_INFO_SLAVE_KIND, text("bond")),
                      attribute(IFLA_INFO_SLAVE_DATA, attribute(IFLA_BRPORT_MODE, list({1})))}));
  const auto link = parse_link(link_message(join({name("eth1"), info})));

  ASSERT_THAT(link, Succeeds());
  EXPECT_FALSE(link->hairpin);
}

TEST(ParseLink, ATunnelsIpAddressIsNotTakenForAMacAddress) {
  const auto link =
      parse_link(link_message(join({name("tun1"), attribute(IFLA_ADDRESS, list({10, 0, 0, 1}))})));

  ASSERT_THAT(link, Succeeds());
  EXPECT_EQ(link->mac, MacAddress{});
}

TEST(ParseLink, ANameWithoutATerminatingZeroEndsWithItsAttribute) {
  const auto link = parse_link(link_message(attribute(IFLA_IFNAME, list({'e', 't', 'h', '0'}))));

  ASSERT_THAT(link, Succeeds());
  EXPECT_EQ(link->name, "eth0");
}

TEST(ParseLink, NonsenseIsRefused) {
  const struct {
    const char* what;
    Bytes message;
  } cases[] = {
      {"nothing", {}},
      {"half a header", Bytes(8)},
      {"another type", address_message(AF_INET, 8, attribute(IFA_ADDRESS, list({10, 0, 0, 1})))},
      {"no fixed header", wire::message(RTM_NEWLINK, {})},
      {"half a fixed header", wire::message(RTM_NEWLINK, Bytes(8))},
      {"no index", link_message(name("eth0"), 0)},
      {"a negative index", link_message(name("eth0"), -1)},
      {"no name", link_message({})},
      {"an empty name", link_message(name(""))},
      {"an MTU of two bytes",
       link_message(join({name("eth0"), attribute(IFLA_MTU, list({1, 2}))}))},
      {"a master of one byte",
       link_message(join({name("eth0"), attribute(IFLA_MASTER, list({1}))}))},
  };
  for (const auto& [what, message] : cases) {
    SCOPED_TRACE(what);
    EXPECT_THAT(parse_link(message), FailsWith(Errc::Io));
  }
}

TEST(ParseLink, AMessageThatSaysItIsLongerThanItIsIsRefused) {
  Bytes message = kVethPort;
  message.resize(message.size() - 4);  // the header still gives the old length
  EXPECT_THAT(parse_link(message), FailsWith(Errc::Io));
}

TEST(ParseAddress, AnIpv4AddressKeepsItsHostBits) {
  const auto address =
      parse_address(address_message(AF_INET, 16,
                                    join({attribute(IFA_ADDRESS, list({172, 17, 0, 2})),
                                          attribute(IFA_LOCAL, list({172, 17, 0, 2}))})));

  ASSERT_THAT(address, Succeeds());
  EXPECT_EQ(address->prefix.to_text(), "172.17.0.2/16");
  EXPECT_EQ(address->link, 7);
  EXPECT_FALSE(address->tentative);
}

TEST(ParseAddress, OnAPointToPointLinkItIsOursAndNotTheOtherSides) {
  const auto address =
      parse_address(address_message(AF_INET, 32,
                                    join({attribute(IFA_ADDRESS, list({10, 0, 0, 2})),
                                          attribute(IFA_LOCAL, list({10, 0, 0, 1}))})));

  ASSERT_THAT(address, Succeeds());
  EXPECT_EQ(address->prefix.address.to_text(), "10.0.0.1");
}

TEST(ParseAddress, AnIpv6AddressUnderDuplicateDetectionIsTentative) {
  const auto address = parse_address(kAddress6);

  ASSERT_THAT(address, Succeeds());
  EXPECT_EQ(address->prefix.to_text(), "fd00::5/64");
  EXPECT_TRUE(address->tentative);
  EXPECT_FALSE(address->duplicate);
}

TEST(ParseAddress, NonsenseIsRefused) {
  const Bytes four = attribute(IFA_ADDRESS, list({10, 0, 0, 1}));
  const struct {
    const char* what;
    Bytes message;
  } cases[] = {
      {"no address", address_message(AF_INET, 8, {})},
      {"four bytes of IPv6", address_message(AF_INET6, 64, four)},
      {"five bytes", address_message(AF_INET, 8, attribute(IFA_ADDRESS, list({1, 2, 3, 4, 5})))},
      {"another protocol", address_message(AF_PHONET, 8, four)},
      {"a prefix longer than the address", address_message(AF_INET, 33, four)},
      {"no link", address_message(AF_INET, 8, four, 0)},
      {"a link beyond all numbers", address_message(AF_INET, 8, four, 0xffffffff)},
      {"flags of one byte",
       address_message(AF_INET, 8, join({four, attribute(IFA_FLAGS, list({1}))}))},
  };
  for (const auto& [what, message] : cases) {
    SCOPED_TRACE(what);
    EXPECT_THAT(parse_address(message), FailsWith(Errc::Io));
  }
}

TEST(ParseNeighbour, HasAddressLinkMacAndState) {
  ndmsg fixed{};
  fixed.ndm_family = AF_INET;
  fixed.ndm_ifindex = 7;
  fixed.ndm_state = NUD_STALE;
  const Bytes attributes = join(
      {attribute(NDA_DST, list({10, 0, 0, 1})), attribute(NDA_LLADDR, list({2, 0, 0, 0, 0, 9}))});

  const auto neighbour =
      parse_neighbour(wire::message(RTM_NEWNEIGH, join({wire::raw(fixed), attributes})));

  ASSERT_THAT(neighbour, Succeeds());
  EXPECT_EQ(neighbour->address.to_text(), "10.0.0.1");
  EXPECT_EQ(neighbour->link, 7);
  EXPECT_EQ(neighbour->mac.to_text(), "02:00:00:00:00:09");
  EXPECT_EQ(neighbour->state, NUD_STALE);
}

TEST(ParseNeighbour, NonsenseIsRefused) {
  ndmsg fixed{};
  fixed.ndm_family = AF_INET;
  const Bytes address = attribute(NDA_DST, list({10, 0, 0, 1}));
  EXPECT_THAT(parse_neighbour(wire::message(RTM_NEWNEIGH, Bytes(4))), FailsWith(Errc::Io));
  EXPECT_THAT(parse_neighbour(wire::message(RTM_NEWNEIGH, wire::raw(fixed))), FailsWith(Errc::Io));
  EXPECT_THAT(parse_neighbour(wire::message(RTM_NEWNEIGH, join({wire::raw(fixed), address}))),
              FailsWith(Errc::Io));  // no link
}

TEST(ParseForwarding, IsOnOrOff) {
  const auto told = [](int forwarding) {
    return wire::message(RTM_NEWNETCONF,
                         join({wire::raw(netconfmsg{.ncm_family = AF_INET}),
                               attribute(NETCONFA_IFINDEX, wire::raw(NETCONFA_IFINDEX_ALL)),
                               attribute(NETCONFA_FORWARDING, wire::raw(forwarding))}));
  };
  EXPECT_TRUE(parse_forwarding(told(1)).value());
  EXPECT_FALSE(parse_forwarding(told(0)).value());
}

TEST(ParseForwarding, NonsenseIsRefused) {
  const Bytes family = wire::raw(netconfmsg{.ncm_family = AF_INET});
  const Bytes byte = attribute(NETCONFA_FORWARDING, list({1}));
  EXPECT_THAT(parse_forwarding(wire::message(RTM_NEWNETCONF, {})), FailsWith(Errc::Io));
  EXPECT_THAT(parse_forwarding(wire::message(RTM_NEWNETCONF, join({family}))), FailsWith(Errc::Io));
  EXPECT_THAT(parse_forwarding(wire::message(RTM_NEWNETCONF, join({family, byte}))),
              FailsWith(Errc::Io));
}

TEST(ParseRoute, ARouteWithMetricsHasAllItsFields) {
  const auto route = parse_route(kMetricRoute);

  ASSERT_THAT(route, Succeeds());
  const Route expected{
      .destination = {.address = IpAddress::v4(172, 18, 0, 0), .length = 16},
      .gateway = IpAddress::v4(172, 17, 0, 1),
      .source = IpAddress::v4(172, 17, 0, 2),
      .link = 7,
      .metric = 50,
      .table = 1000,
      .mtu = 1400,
      .advmss = 1360,
  };
  EXPECT_EQ(*route, expected);
}

TEST(ParseRoute, WithoutADestinationItIsTheDefaultOfItsFamily) {
  const auto four = parse_route(route_message(AF_INET, 0, {}));
  const auto six = parse_route(route_message(AF_INET6, 0, {}));

  ASSERT_THAT(four, Succeeds());
  ASSERT_THAT(six, Succeeds());
  EXPECT_EQ(four->destination.to_text(), "0.0.0.0/0");
  EXPECT_EQ(six->destination.to_text(), "::/0");
}

TEST(ParseRoute, AnIpv4RouteMayGoThroughAnIpv6Router) {
  const Bytes via = join({list({AF_INET6, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0,  //
                                0, 0, 0, 0, 0, 0, 0, 1})});
  Bytes content = via;
  content.resize(18);  // struct rtvia has no padding
  const auto route = parse_route(route_message(AF_INET, 0, attribute(RTA_VIA, content)));

  ASSERT_THAT(route, Succeeds());
  ASSERT_TRUE(route->gateway);
  EXPECT_EQ(route->gateway->to_text(), "fe80::1");
}

Bytes next_hop(int link, const Bytes& attributes) {
  rtnexthop hop{};
  hop.rtnh_len = static_cast<std::uint16_t>(sizeof hop + attributes.size());
  hop.rtnh_ifindex = link;
  return join({raw(hop), attributes});
}

TEST(ParseRoute, OfSeveralNextHopsTheFirstIsGiven) {
  const Bytes hops = join({next_hop(4, attribute(RTA_GATEWAY, list({10, 0, 0, 1}))),
                           next_hop(5, attribute(RTA_GATEWAY, list({10, 0, 0, 2})))});
  const auto route = parse_route(route_message(AF_INET, 0, attribute(RTA_MULTIPATH, hops)));

  ASSERT_THAT(route, Succeeds());
  EXPECT_EQ(route->link, 4);
  EXPECT_EQ(route->gateway, IpAddress::v4(10, 0, 0, 1));
}

TEST(ParseRoute, NonsenseIsRefused) {
  Bytes long_hop = next_hop(4, {});
  long_hop[0] = std::byte{200};
  Bytes short_hop = next_hop(4, {});
  short_hop[0] = std::byte{2};
  const struct {
    const char* what;
    Bytes message;
  } cases[] = {
      {"no family", route_message(AF_UNSPEC, 0, {})},
      {"a destination of three bytes",
       route_message(AF_INET, 8, attribute(RTA_DST, list({10, 0, 0})))},
      {"a prefix longer than the address",
       route_message(AF_INET, 33, attribute(RTA_DST, list({10, 0, 0, 0})))},
      {"a link of two bytes", route_message(AF_INET, 0, attribute(RTA_OIF, list({1, 0})))},
      {"a next hop that ends outside",
       route_message(AF_INET, 0, attribute(RTA_MULTIPATH, long_hop))},
      {"a next hop shorter than its header",
       route_message(AF_INET, 0, attribute(RTA_MULTIPATH, short_hop))},
      {"half a next hop", route_message(AF_INET, 0, attribute(RTA_MULTIPATH, list({8, 0, 0, 0})))},
  };
  for (const auto& [what, message] : cases) {
    SCOPED_TRACE(what);
    EXPECT_THAT(parse_route(message), FailsWith(Errc::Io));
  }
}

// Whatever comes back, the sanitizers look on.
void parse_all(std::span<const std::byte> bytes) {
  static_cast<void>(parse_link(bytes));
  static_cast<void>(parse_address(bytes));
  static_cast<void>(parse_route(bytes));
  static_cast<void>(parse_vlans(bytes));
  static_cast<void>(parse_ack(bytes));
}

TEST(Parse, EveryShorterMessageIsReadWithinItsBounds) {
  for (const Bytes& message : {kVethPort, kAddress6, kMetricRoute, kVlans, kRefusedAck}) {
    for (std::size_t gone = 1; gone <= message.size(); ++gone) {
      // Copied to its exact size, so that a read past the end is seen.
      parse_all(Bytes(message.begin(), message.end() - static_cast<std::ptrdiff_t>(gone)));
      parse_all(wire::cut(message, gone));
    }
    EXPECT_THAT(parse_ack(wire::cut(message, message.size())), FailsWith(Errc::Io));
  }
}

TEST(Parse, MessagesWithWrongBytesAreReadWithinTheirBounds) {
  std::mt19937 random(1);  // the same ones each time
  int understood = 0;
  for (const Bytes& message : {kVethPort, kAddress6, kMetricRoute, kVlans, kRefusedAck}) {
    for (int round = 0; round < 2000; ++round) {
      Bytes wrong = message;
      for (int i = 0; i < 4; ++i) wrong[random() % wrong.size()] = std::byte(random() & 0xff);
      parse_all(wrong);
      if (parse_link(wrong)) ++understood;
    }
  }
  EXPECT_GT(understood, 0) << "none got as far as the attributes";
}

}  // namespace
}  // namespace netctl::rtnl

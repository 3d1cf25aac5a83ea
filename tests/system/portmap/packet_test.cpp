// From where a published port is reached, and as whom the container sees the asker.
#include <gmock/gmock.h>

#include "tests/system/portmap/portmap_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Way {
  Transport transport;
  bool v6;
  bool hairpin;  // "hairpinMode" of the bridge
};

std::string name_of(const testing::TestParamInfo<Way>& info) {
  static const std::map<Transport, std::string> names{
      {Transport::Tcp, "Tcp"}, {Transport::Udp, "Udp"}, {Transport::Sctp, "Sctp"}};
  return names.at(info.param.transport) + (info.param.v6 ? "V6" : "V4") +
         (info.param.hairpin ? "Hairpin" : "");
}

class PublishedPort : public PortmapHost, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    if (!is_available(GetParam().transport)) GTEST_SKIP() << "this kernel has no SCTP";
    PortmapHost::SetUp();
    if (IsSkipped()) return;
    // Where bridge netfilter is on, what a container sends to itself is turned around on the
    // bridge, which only a port in hairpin mode does; otherwise the host routes it.
    run(format("sysctl -qw net.bridge.bridge-nf-call-iptables={}", GetParam().hairpin ? 1 : 0));
    without_bridge_netfilter();
    write_networks(GetParam().hairpin);
    static const std::map<Transport, std::string> words{
        {Transport::Tcp, "tcp"}, {Transport::Udp, "udp"}, {Transport::Sctp, "sctp"}};
    sure("netctl add net web -p 8080:80/" + words.at(GetParam().transport));
    attach_others();
  }
  std::string pick(const char* v4, const char* v6) const { return GetParam().v6 ? v6 : v4; }
};

TEST_P(PublishedPort, AnswersFromEverywhere) {
  Server server("web", 80, GetParam().transport);
  const std::string host = pick(kHost4, kHost6);
  const std::string gateway = pick("10.7.0.1", "fd00:7::1");

  EXPECT_EQ(ask("lan", host, 8080, server), pick(kLan4, kLan6)) << "another machine, as itself";
  EXPECT_EQ(ask("", host, 8080, server), host) << "the host by its address on the LAN";
  EXPECT_EQ(ask("", gateway, 8080, server), gateway) << "the host by the bridge's address";
  EXPECT_EQ(ask("", pick("127.0.0.1", "::1"), 8080, server), gateway) << "the host by loopback";
  EXPECT_EQ(ask("neighbour", host, 8080, server), gateway) << "a neighbour on the bridge";
  EXPECT_EQ(ask("neighbour", gateway, 8080, server), gateway);
  EXPECT_EQ(ask("web", host, 8080, server), gateway) << "the container itself";
  EXPECT_EQ(ask("web", gateway, 8080, server), gateway);
  EXPECT_EQ(ask("stranger", host, 8080, server), gateway)
      << "a container on another bridge, whose network masquerades";
  EXPECT_EQ(ask("stranger", pick("10.8.0.1", "fd00:8::1"), 8080, server), gateway);
}

TEST_P(PublishedPort, IsClosedOnceTheContainerIsGone) {
  Server server("web", 80, GetParam().transport);
  ASSERT_NE(ask("lan", pick(kHost4, kHost6), 8080, server), "");
  sure("netctl del net web");
  EXPECT_EQ(ask("lan", pick(kHost4, kHost6), 8080, server), "");
}

INSTANTIATE_TEST_SUITE_P(
    Ways, PublishedPort,
    testing::Values(Way{Transport::Tcp, false, false}, Way{Transport::Tcp, true, false},
                    Way{Transport::Udp, false, false}, Way{Transport::Udp, true, false},
                    Way{Transport::Sctp, false, false}, Way{Transport::Sctp, true, false},
                    Way{Transport::Tcp, false, true}, Way{Transport::Tcp, true, true},
                    Way{Transport::Udp, true, true}),
    name_of);

class PortOnLoopback : public PortmapHost {};

// The neighbour on the LAN routes 127.0.0.0/8 to the host and lets such packets out.
TEST_F(PortOnLoopback, IsNotReachedFromOutsideEvenWithACraftedRoute) {
  sure("netctl add net web -p 127.0.0.1:8080:80");
  Server server("web", 80);
  ASSERT_EQ(ask("", "127.0.0.1", 8080, server), "10.7.0.1");
  for (const char* line : {"sysctl -qw net.ipv4.conf.all.route_localnet=1",
                           "ip route add 127.0.0.0/8 via 203.0.113.1 table 100",
                           "ip rule add pref 0 to 127.0.0.0/8 lookup 100",
                           "ip rule add pref 1 lookup local", "ip rule del pref 0 lookup local"}) {
    ASSERT_EQ(run_in("lan", line).exit_status, 0) << line;
  }
  // As on a host where somebody has opened the outer interface too.
  sure("sysctl -qw net.ipv4.conf.lan0.route_localnet=1");

  EXPECT_EQ(ask("lan", kHost4, 8080, server), "");
  EXPECT_EQ(ask("lan", "127.0.0.1", 8080, server), "");

  // The rule is what stopped it: without it the same packet arrives.
  sure("nft flush chain inet netctl raw");
  EXPECT_EQ(ask("lan", "127.0.0.1", 8080, server), kLan4);
}

class Ipv6Loopback : public PortmapHost {
 protected:
  std::string routes_to_loopback() { return run("ip -6 route show table local ::1").out; }
};

TEST_F(Ipv6Loopback, AnswersWithoutAProxyAndOnThatAddressOnly) {
  without_bridge_netfilter();
  sure("netctl add net web -p [::1]:8080:80");
  Server server("web", 80);

  EXPECT_EQ(ask("", "::1", 8080, server), "fd00:7::1");
  EXPECT_EQ(ask("lan", kHost6, 8080, server), "");
  EXPECT_EQ(run("netctl check net web").exit_status, 0);
}

TEST_F(Ipv6Loopback, ServicesOfTheHostStayClosedToContainersAndOutside) {
  without_bridge_netfilter();
  sure("netctl add net web -p 8080:80");
  Server secret("", 6000);
  for (const char* name : {"web", "lan"}) {
    const std::string via = name == std::string("web") ? "fd00:7::1" : kHost6;
    for (const std::string& line : {"ip -6 route add ::1 via " + via + " dev eth0 table 100",
                                    std::string("ip -6 rule add pref 0 to ::1 lookup 100"),
                                    std::string("ip -6 rule add pref 1 lookup local"),
                                    std::string("ip -6 rule del pref 0 lookup local")}) {
      ASSERT_EQ(run_in(name, line).exit_status, 0) << line;
    }
    EXPECT_EQ(ask(name, "::1", 6000, secret), "") << name;
    EXPECT_EQ(ask(name, "::1", 8080, secret), "") << name;
  }
}

TEST_F(Ipv6Loopback, ItsRouteGoesWithTheLastContainerOfTheBridge) {
  without_bridge_netfilter();
  sure("ip link add cni0 type bridge");  // not ours: it stays
  const std::string before = routes_to_loopback();
  sure("netctl add net web -p 8080:80");
  sure("netctl add net neighbour -p 8081:80");
  EXPECT_THAT(routes_to_loopback(), HasSubstr("dev cni0"));

  sure("netctl del net web");
  EXPECT_THAT(routes_to_loopback(), HasSubstr("dev cni0"));
  sure("netctl del net neighbour");
  EXPECT_EQ(routes_to_loopback(), before);
}

TEST_F(Ipv6Loopback, IsLeftOutWhereBridgeNetfilterIsOnAndThatStaysAsItIs) {
  if (run("sysctl -qw net.bridge.bridge-nf-call-ip6tables=1").exit_status != 0) {
    GTEST_SKIP() << "this kernel has no bridge netfilter";
  }
  const std::string before = routes_to_loopback();
  const auto added = run("NETCTL_LOG=info netctl add net web -p 8080:80");
  ASSERT_EQ(added.exit_status, 0) << added.err;

  EXPECT_THAT(added.err, HasSubstr("do not answer on [::1]"));
  EXPECT_EQ(routes_to_loopback(), before);
  EXPECT_EQ(run("sysctl -n net.bridge.bridge-nf-call-ip6tables").out, "1\n");
  EXPECT_EQ(run("netctl check net web").exit_status, 0) << "that is no difference";
}

TEST_F(Ipv6Loopback, CheckMissesTheRoute) {
  without_bridge_netfilter();
  sure("netctl add net web -p 8080:80");
  sure("ip -6 route del local ::1 dev cni0 table local metric 4096");
  const auto checked = run("netctl check net web");
  EXPECT_NE(checked.exit_status, 0);
  EXPECT_THAT(checked.err, HasSubstr("do not answer on [::1]"));
}

}  // namespace
}  // namespace netctl::test

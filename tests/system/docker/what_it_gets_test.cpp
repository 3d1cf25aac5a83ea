// What a container gets in each of Docker's network modes: a test for each row of the table, and
// each column of it in one class.
//
//               | bridge            | user-defined bridge | host       | none      | container:ID
//  interfaces   | lo, eth0          | lo, ethN            | the host's | lo, up    | the donor's
//  IPv4         | of 172.17.0.0/16  | of its subnet, --ip | the host's | 127.0.0.1 | the donor's
//  IPv6         | no                | of its subnet       | the host's | ::1       | the donor's
//  default route| via the bridge    | via the bridge      | the host's | no        | the donor's
//  -p           | yes               | yes                 | a warning  | a warning | an error
//  --ip         | yes               | if it fits          | an error   | an error  | an error
//  connect      | yes               | yes                 | no         | no        | no
//
// Two cells differ from Docker's, which refuses --ip on the default bridge and lets -p under none
// pass without a word. Host names, /etc/hosts and resolv.conf are the container runtime's, and
// aliases that of a name server: they are not tested here.
#include "tests/system/docker/docker_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using DefaultBridge = DockerHost;

TEST_F(DefaultBridge, InterfacesAreLoAndEth0BothUp) {
  sure("netctl add bridge web");
  EXPECT_EQ(interfaces("web"), "eth0 lo");
  EXPECT_THAT(run_in("web", "ip -o link show lo").out, HasSubstr("LOOPBACK,UP"));
  EXPECT_THAT(run_in("web", "ip -o link show eth0").out, HasSubstr("UP"));
}

TEST_F(DefaultBridge, Ipv4IsTheNextFreeOf172_17) {
  sure("netctl add bridge web");
  sure("netctl add bridge db");
  EXPECT_EQ(address_in("web", "eth0"), "172.17.0.2");
  EXPECT_EQ(address_in("db", "eth0"), "172.17.0.3");
}

TEST_F(DefaultBridge, Ipv6IsNone) {
  sure("netctl add bridge web");
  EXPECT_EQ(address_in("web", "eth0", true), "");
  EXPECT_THAT(default_route("web", 6), IsEmpty());
}

TEST_F(DefaultBridge, DefaultRouteIsViaTheBridge) {
  sure("netctl add bridge web");
  EXPECT_THAT(default_route("web"), HasSubstr("via 172.17.0.1 dev eth0"));
  EXPECT_EQ(address_in("", "netctl0"), "172.17.0.1");
  Server outside("lan", 7000);
  EXPECT_EQ(ask("web", "203.0.113.2", 7000, outside), "203.0.113.1");
}

TEST_F(DefaultBridge, PublishedPortsAnswer) {
  sure("netctl add bridge web -p 8080:80");
  Server web("web", 80);
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, web), "203.0.113.2");
}

TEST_F(DefaultBridge, IpIsGivenAsAsked) {
  sure("netctl add bridge web --ip 172.17.0.9");
  EXPECT_EQ(address_in("web", "eth0"), "172.17.0.9");
}

TEST_F(DefaultBridge, ItIsConnectedAndDisconnectedLive) {
  sure("netctl add bridge web");
  sure("netctl network connect front web");
  EXPECT_EQ(interfaces("web"), "eth0 eth1 lo");
  sure("netctl network disconnect bridge web");
  EXPECT_EQ(interfaces("web"), "eth1 lo");
  sure("netctl network connect bridge web");
  EXPECT_EQ(interfaces("web"), "eth0 eth1 lo");
}

using UserDefinedBridge = DockerHost;

TEST_F(UserDefinedBridge, InterfacesAreLoAndOneForEachNetwork) {
  sure("netctl network connect front web");
  sure("netctl network connect six web");
  sure("netctl network connect bridge web");
  EXPECT_EQ(interfaces("web"), "eth0 eth1 eth2 lo");
  EXPECT_EQ(address_in("web", "eth0"), "10.5.0.2");
  EXPECT_EQ(address_in("web", "eth1", true), "fd06::2");
  EXPECT_EQ(address_in("web", "eth2"), "172.17.0.2");
}

TEST_F(UserDefinedBridge, Ipv4IsTheNextFreeOfItsSubnet) {
  sure("netctl add front web");
  sure("netctl add front db");
  EXPECT_EQ(address_in("web", "eth0"), "10.5.0.2");
  EXPECT_EQ(address_in("db", "eth0"), "10.5.0.3");
  Server db("db", 80);
  EXPECT_EQ(ask("web", "10.5.0.3", 80, db), "10.5.0.2");
}

TEST_F(UserDefinedBridge, Ipv4IsNoneWhereTheNetworkHasIpv6Only) {
  sure("netctl add six web");
  EXPECT_EQ(address_in("web", "eth0"), "");
  EXPECT_THAT(default_route("web"), IsEmpty());
}

TEST_F(UserDefinedBridge, Ipv6IsTheNextFreeOfItsSubnet) {
  for (const auto& [network, web, db] :
       {std::tuple("front", "fd05::2", "fd05::3"), {"six", "fd06::2", "fd06::3"}}) {
    sure(format("netctl add {} web", network));
    sure(format("netctl add {} db", network));
    EXPECT_EQ(address_in("web", "eth0", true), web);
    EXPECT_EQ(address_in("db", "eth0", true), db);
    {
      Server server("db", 80);
      EXPECT_EQ(ask("web", db, 80, server), web);
    }
    sure(format("netctl del {} web", network));
    sure(format("netctl del {} db", network));
  }
}

TEST_F(UserDefinedBridge, DefaultRouteIsViaTheBridgeOrTheGatewayThatWasChosen) {
  sure("netctl network create chosen --subnet 10.6.0.0/24 --gateway 10.6.0.254");
  sure("netctl add front web");
  sure("netctl add chosen db");
  EXPECT_THAT(default_route("web"), HasSubstr("via 10.5.0.1 dev eth0"));
  EXPECT_THAT(default_route("web", 6), HasSubstr("via fd05::1 dev eth0"));
  EXPECT_THAT(default_route("db"), HasSubstr("via 10.6.0.254 dev eth0"));
  Server outside("lan", 7000);
  EXPECT_EQ(ask("web", "203.0.113.2", 7000, outside), "203.0.113.1");
  EXPECT_EQ(ask("web", "fd99::2", 7000, outside), "fd99::1");
  EXPECT_EQ(ask("db", "203.0.113.2", 7000, outside), "203.0.113.1");
}

TEST_F(UserDefinedBridge, PublishedPortsAnswerInBothFamilies) {
  sure("netctl add front web -p 8080:80");
  Server web("web", 80);
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, web), "203.0.113.2");
  EXPECT_EQ(ask("lan", "fd99::1", 8080, web), "fd99::2");
}

TEST_F(UserDefinedBridge, IpIsGivenWhereItFitsASubnetOnceAFamily) {
  sure("netctl add front web --ip 10.5.0.77 --ip fd05::77");
  EXPECT_EQ(address_in("web", "eth0"), "10.5.0.77");
  EXPECT_EQ(address_in("web", "eth0", true), "fd05::77");
  expect_refused("netctl add front db --ip 10.99.0.1", {"10.99.0.1"});
}

TEST_F(UserDefinedBridge, ItIsConnectedAndDisconnectedLive) {
  const std::string before = state();
  sure("netctl network connect front web --ip 10.5.0.9 --mac-address 02:00:00:00:00:09");
  EXPECT_EQ(address_in("web", "eth0"), "10.5.0.9");
  EXPECT_THAT(run_in("web", "ip link show eth0").out, HasSubstr("02:00:00:00:00:09"));
  sure("netctl network disconnect front web");
  EXPECT_EQ(state(), before);
}

using HostMode = DockerHost;

TEST_F(HostMode, InterfacesAreTheHosts) {
  const std::string before = state();
  const std::string result = sure(format("netctl add host {} -o json", kHostsOwn));
  EXPECT_THAT(result, AllOf(HasSubstr("\"lan0\""), HasSubstr("\"lo\"")));
  sure(format("netctl del host {}", kHostsOwn));
  EXPECT_EQ(state(), before);
}

TEST_F(HostMode, Ipv4AndIpv6AreTheHosts) {
  EXPECT_THAT(sure(format("netctl add host {}", kHostsOwn)),
              AllOf(HasSubstr("203.0.113.1/24"), HasSubstr("fd99::1/64")));
}

TEST_F(HostMode, DefaultRouteIsTheHosts) {
  sure("ip route add default via 203.0.113.2");
  EXPECT_THAT(sure(format("netctl add host {} -o json", kHostsOwn)),
              HasSubstr("\"gateway\": \"203.0.113.2\""));
}

TEST_F(HostMode, PublishedPortsAreDiscardedWithAWarning) {
  const std::string rules = run("nft -s list ruleset").out;
  const auto added = run(format("netctl add host {} -p 8080:80", kHostsOwn));
  EXPECT_EQ(added.exit_status, 0) << added.err;
  EXPECT_THAT(added.err, HasSubstr("published ports are discarded when using host network mode"));
  EXPECT_EQ(run("nft -s list ruleset").out, rules);
}

TEST_F(HostMode, IpIsAnError) {
  expect_refused(format("netctl add host {} --ip 10.5.0.9", kHostsOwn),
                 {"conflicting options: an IP address and the network mode host"});
}

TEST_F(HostMode, ItIsNeitherConnectedNorDisconnectedLive) {
  expect_refused("netctl network connect host web", {"under network mode host"});
  sure(format("netctl add host {} --id c1", kHostsOwn));
  expect_refused(format("netctl network connect front {} --id c1", kHostsOwn),
                 {"cannot be connected to any other network"});
  expect_refused("netctl network disconnect host --id c1",
                 {"cannot disconnect container from host network"});
}

using NoneMode = DockerHost;

TEST_F(NoneMode, InterfaceIsLoAloneAndUp) {
  sure("ip netns add alone");  // lo is down in it
  sure("netctl add none alone");
  EXPECT_EQ(interfaces("alone"), "lo");
  EXPECT_THAT(run_in("alone", "ip -o link show lo").out, HasSubstr("LOOPBACK,UP"));
}

TEST_F(NoneMode, Ipv4AndIpv6AreTheLoopbackAddresses) {
  EXPECT_THAT(sure("netctl add none web"), HasSubstr("127.0.0.1/8 ::1/128"));
  Server web("web", 80);
  EXPECT_EQ(ask("web", "127.0.0.1", 80, web), "127.0.0.1");
  EXPECT_EQ(ask("web", "::1", 80, web), "::1");
}

TEST_F(NoneMode, DefaultRouteIsNone) {
  sure("netctl add none web");
  EXPECT_THAT(default_route("web") + default_route("web", 6), IsEmpty());
  Server outside("lan", 7000);
  EXPECT_EQ(ask("web", "203.0.113.2", 7000, outside), "");
}

TEST_F(NoneMode, PublishedPortsAreDiscardedWithAWarning) {
  const auto added = run("netctl add none web -p 8080:80");
  EXPECT_EQ(added.exit_status, 0) << added.err;
  EXPECT_THAT(added.err, HasSubstr("published ports are discarded"));
  EXPECT_THAT(run("nft -s list ruleset").out, IsEmpty());
}

TEST_F(NoneMode, IpIsAnError) {
  expect_refused("netctl add none web --ip 10.5.0.9",
                 {"conflicting options: an IP address and the network mode none"});
}

TEST_F(NoneMode, ItIsConnectedOnlyWhenNoneIsRemovedFirst) {
  sure("netctl network connect none web");
  expect_refused("netctl network connect front web", {"private (none) mode"});
  sure("netctl network disconnect none web");
  sure("netctl network connect front web");
  EXPECT_EQ(address_in("web", "eth0"), "10.5.0.2");
}

class ContainerMode : public DockerHost {
 protected:
  void SetUp() override {
    DockerHost::SetUp();
    if (IsSkipped()) return;
    sure("netctl add front web --id donor");
  }
};

TEST_F(ContainerMode, InterfacesAreTheDonors) {
  const std::string result = sure("netctl add container:donor web --id joiner -o json");
  EXPECT_THAT(result, AllOf(HasSubstr("\"eth0\""), HasSubstr("\"lo\"")));
  EXPECT_EQ(interfaces("web"), "eth0 lo");
}

TEST_F(ContainerMode, Ipv4AndIpv6AreTheDonors) {
  EXPECT_THAT(sure("netctl add container:donor web --id joiner"),
              AllOf(HasSubstr("10.5.0.2/24"), HasSubstr("fd05::2/64")));
  // What the joiner serves, it serves under the donor's address.
  sure("netctl add front db");
  Server joiner("web", 80);
  EXPECT_EQ(ask("db", "10.5.0.2", 80, joiner), "10.5.0.3");
  EXPECT_EQ(ask("db", "fd05::2", 80, joiner), "fd05::3");
}

TEST_F(ContainerMode, DefaultRouteIsTheDonors) {
  EXPECT_THAT(sure("netctl add container:donor web --id joiner -o json"),
              AllOf(HasSubstr("\"gateway\": \"10.5.0.1\""), HasSubstr("\"gateway\": \"fd05::1\"")));
}

TEST_F(ContainerMode, PublishedPortsAreAnError) {
  expect_refused("netctl add container:donor web --id joiner -p 8080:80",
                 {"conflicting options: port publishing and the container type network mode"});
}

TEST_F(ContainerMode, IpIsAnError) {
  expect_refused("netctl add container:donor web --id joiner --ip 10.5.0.9",
                 {"conflicting options: an IP address and the network mode container"});
}

TEST_F(ContainerMode, ItIsNeitherConnectedNorDisconnectedLive) {
  sure("netctl add container:donor web --id joiner");
  expect_refused("netctl network connect six web --id joiner",
                 {"cannot be connected to any other network"});
  expect_refused("netctl network disconnect front web --id joiner", {"not connected"});
}

}  // namespace
}  // namespace netctl::test

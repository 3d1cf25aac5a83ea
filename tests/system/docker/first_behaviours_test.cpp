// What users of Docker try first, each with packets, over IPv4 and over IPv6. Names of containers
// need a name server, and host names, /etc/hosts and resolv.conf a container runtime: they are not
// here. What 500 containers cost is measured and not tested.
#include <unistd.h>

#include "tests/support/traced_process.hpp"
#include "tests/system/docker/docker_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// One family of the network "front", seen from everywhere; IPv6 also on the network without IPv4.
struct Side {
  std::string name{};
  std::string network{};
  std::string container{};  // web's address there
  std::string neighbour{};  // db's
  std::string bridge{};
  std::string lan_host{};  // the host's address on its own network
  std::string lan{};       // the other machine's
};

class PublishedPort : public DockerHost, public testing::WithParamInterface<Side> {
 protected:
  void SetUp() override {
    DockerHost::SetUp();
    if (IsSkipped()) return;
    sure(format("netctl add {} web -p 8080:80 -p 5353:53/udp", side_.network));
  }

  // What web sees when somebody asks the published port at `address`, over TCP and UDP.
  std::string seen_from(const std::string& ns, const std::string& address) {
    Server tcp("web", 80);
    Server udp("web", 53, Transport::Udp);
    const std::string seen = ask(ns, address, 8080, tcp);
    EXPECT_EQ(ask(ns, address, 5353, udp), seen) << "over UDP";
    return seen;
  }

  const Side& side_ = GetParam();
};

TEST_P(PublishedPort, AnswersTheLanAndSeesWhoAsks) {
  EXPECT_EQ(seen_from("lan", side_.lan_host), side_.lan);
}

TEST_P(PublishedPort, AnswersTheHostAt127_0_0_1) {
  if (side_.name != "Ipv4") GTEST_SKIP() << "127.0.0.1 is IPv4's";
  EXPECT_EQ(seen_from("", "127.0.0.1"), side_.bridge);
}

TEST_P(PublishedPort, AnswersTheHostAtItsOwnLanAddress) {
  EXPECT_EQ(seen_from("", side_.lan_host), side_.lan_host);
}

TEST_P(PublishedPort, AnswersTheHostAtTheBridge) {
  EXPECT_EQ(seen_from("", side_.bridge), side_.bridge);
}

TEST_P(PublishedPort, AnswersTheContainerItself) {
  EXPECT_EQ(seen_from("web", side_.lan_host), side_.bridge);
  EXPECT_EQ(seen_from("web", side_.bridge), side_.bridge);
}

TEST_P(PublishedPort, AnswersANeighbourOnTheSameNetwork) {
  sure(format("netctl add {} db", side_.network));
  EXPECT_EQ(seen_from("db", side_.lan_host), side_.bridge);
  EXPECT_EQ(seen_from("db", side_.bridge), side_.bridge);
}

TEST_P(PublishedPort, AnswersAContainerOfAnotherNetworkAtTheHostsAddress) {
  sure("netctl network create other --subnet 10.44.0.0/24 --subnet fd44::/64");
  sure("netctl add other db");
  EXPECT_THAT(seen_from("db", side_.lan_host), Not(IsEmpty()));
}

TEST_P(PublishedPort, IsClosedAgainWhenTheContainerGoes) {
  sure(format("netctl del {} web", side_.network));
  EXPECT_EQ(seen_from("lan", side_.lan_host), "");
  EXPECT_THAT(run("nft list ruleset").out, IsEmpty());
}

TEST_P(PublishedPort, ASecondContainerOnItIsRefusedAndTheOwnerNamed) {
  expect_refused(format("netctl add {} db -p 8080:80", side_.network),
                 {"8080", side_.network + "/"});
  EXPECT_EQ(interfaces("db"), "lo");
  EXPECT_EQ(seen_from("lan", side_.lan_host), side_.lan) << "the first one goes on";
}

INSTANTIATE_TEST_SUITE_P(
    Over, PublishedPort,
    testing::Values(Side{"Ipv4", "front", "10.5.0.2", "10.5.0.3", "10.5.0.1", "203.0.113.1",
                         "203.0.113.2"},
                    Side{"Ipv6", "front", "fd05::2", "fd05::3", "fd05::1", "fd99::1", "fd99::2"},
                    Side{"Ipv6Only", "six", "fd06::2", "fd06::3", "fd06::1", "fd99::1", "fd99::2"}),
    [](const auto& tested) { return tested.param.name; });

using LocalPort = DockerHost;

TEST_F(LocalPort, IsNotReachedFromTheLanEvenWithACraftedRoute) {
  sure("netctl add front web -p 127.0.0.1:8080:80");
  Server web("web", 80);
  EXPECT_EQ(ask("", "127.0.0.1", 8080, web), "10.5.0.1");
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, web), "");

  // A machine that sends packets for 127.0.0.1 to the host.
  run_in("lan", "ip route add 127.0.0.0/8 via 203.0.113.1 table 100");
  run_in("lan", "ip rule add pref 0 to 127.0.0.0/8 lookup 100");
  run_in("lan", "ip rule add pref 1 lookup local");
  run_in("lan", "ip rule del pref 0 lookup local");
  run_in("lan", "sysctl -qw net.ipv4.conf.eth0.route_localnet=1");
  sure("sysctl -qw net.ipv4.conf.all.route_localnet=1");
  EXPECT_EQ(ask("lan", "127.0.0.1", 8080, web), "");
}

TEST_F(LocalPort, OfTheHostsLanAddressIsNotReachedByAnother) {
  sure("netctl add front web -p 203.0.113.1:8080:80 -p [fd99::1]:8081:80");
  Server web("web", 80);
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, web), "203.0.113.2");
  EXPECT_EQ(ask("", "127.0.0.1", 8080, web), "");
  EXPECT_EQ(ask("lan", "fd99::1", 8081, web), "fd99::2");
  EXPECT_EQ(ask("lan", "203.0.113.1", 8081, web), "");
}

using Removal = DockerHost;

// Where a process is killed is told by its system calls; some places of many.
TEST_F(Removal, ThatWasKilledAnywhereIsFinishedByTheNextOneOrByGc) {
  const std::string before = host_state();
  const auto remove = [&] {
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // the leak checker cannot be traced
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    const std::string program = netctl_program();
    ::execl(program.c_str(), program.c_str(), "del", "front", "web", nullptr);
    ::_exit(127);
  };
  sure("netctl add front web -p 8080:80");
  const unsigned calls = count_system_calls(remove);
  ASSERT_EQ(host_state(), before);

  constexpr unsigned kPlaces = 5;
  for (unsigned place = 1; place <= kPlaces; ++place) {
    SCOPED_TRACE(format("killed at system call {} of {}", calls * place / (kPlaces + 1), calls));
    sure("netctl add front web -p 8080:80");
    run_and_kill_at(calls * place / (kPlaces + 1), remove);
    if (place % 2 == 0) {
      sure("netctl del front web");
    } else {
      sure("netctl gc --all front");
    }
    EXPECT_EQ(host_state(), before);
  }
}

class TwoNetworks : public DockerHost {
 protected:
  void SetUp() override {
    DockerHost::SetUp();
    if (IsSkipped()) return;
    sure("netctl network create back --subnet 10.8.0.0/24 --subnet fd08::/64");
    sure("netctl network connect front web");
    sure("netctl network connect back web");
  }

  // The way that packets take.
  std::string way_out(const std::string& destination) {
    return run_in("web", "ip route get " + destination).out;
  }
};

TEST_F(TwoNetworks, TheFirstHasTheDefaultRouteOfBothFamilies) {
  EXPECT_THAT(way_out("203.0.113.2"), HasSubstr("via 10.5.0.1 dev eth0"));
  EXPECT_THAT(way_out("fd99::2"), HasSubstr("via fd05::1 dev eth0"));
}

TEST_F(TwoNetworks, DisconnectingItMovesTheDefaultRoute) {
  Server outside("lan", 7000);
  sure("netctl network disconnect front web");
  EXPECT_THAT(way_out("203.0.113.2"), HasSubstr("via 10.8.0.1 dev eth1"));
  EXPECT_THAT(way_out("fd99::2"), HasSubstr("via fd08::1 dev eth1"));
  EXPECT_EQ(ask("web", "203.0.113.2", 7000, outside), "203.0.113.1");
  EXPECT_EQ(ask("web", "fd99::2", 7000, outside), "fd99::1");
}

TEST_F(TwoNetworks, ConnectingItAgainDoesNotTakeTheRouteBack) {
  sure("netctl network disconnect front web");
  sure("netctl network connect front web");
  EXPECT_THAT(way_out("203.0.113.2"), HasSubstr("via 10.8.0.1 dev eth1"));
}

TEST_F(TwoNetworks, PortsOfEachAnswerWhereverTheDefaultRouteLeads) {
  sure("netctl add back db -i eth0 -p 8081:80");
  sure("netctl add front db -i eth1 -p 8080:80");
  Server db("db", 80);
  for (const char* address : {"203.0.113.1", "fd99::1"}) {
    EXPECT_NE(ask("lan", address, 8080, db), "") << address;
    EXPECT_NE(ask("lan", address, 8081, db), "") << address;
  }
  sure("netctl network disconnect back db");
  EXPECT_NE(ask("lan", "203.0.113.1", 8080, db), "");
  EXPECT_EQ(ask("lan", "203.0.113.1", 8081, db), "");
}

using Modes = DockerHost;

TEST_F(Modes, ContainerShowsTheSameInterfaces) {
  sure("netctl add front web --id donor");
  const std::string before = interfaces("web") + run_in("web", "ip -o addr").out;
  sure("netctl add container:donor web --id joiner");
  EXPECT_EQ(interfaces("web") + run_in("web", "ip -o addr").out, before);
  sure("netctl del container:donor web --id joiner");
  EXPECT_EQ(interfaces("web") + run_in("web", "ip -o addr").out, before);
}

TEST_F(Modes, NoneHasOnlyLoUpAndHostSeesTheDevicesAndWarnsAboutPorts) {
  sure("netctl add none web");
  EXPECT_EQ(interfaces("web"), "lo");
  const auto added = run("netctl add host /proc/self/ns/net -p 8080:80 -o json");
  EXPECT_THAT(added.out, HasSubstr("\"lan0\""));
  EXPECT_THAT(added.err, HasSubstr("published ports are discarded"));
}

using Ipv6Only = DockerHost;

TEST_F(Ipv6Only, WorksAtOnceWithinAndToTheOutside) {
  sure("netctl add six web");
  sure("netctl add six db");
  Server db("db", 80);
  Server outside("lan", 7000);
  EXPECT_EQ(ask("web", "fd06::3", 80, db), "fd06::2");
  EXPECT_EQ(ask("web", "fd99::2", 7000, outside), "fd99::1");
  EXPECT_EQ(ask("", "fd06::3", 80, db), "fd06::1");
}

TEST_F(Ipv6Only, HasNoIpv4Anywhere) {
  sure("netctl add six web");
  EXPECT_THAT(run_in("web", "ip -4 -o addr show dev eth0").out, IsEmpty());
  EXPECT_EQ(run("cat /proc/sys/net/ipv4/ip_forward").out, "0\n") << "nobody asked for IPv4";
}

}  // namespace
}  // namespace netctl::test

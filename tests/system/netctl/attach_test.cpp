// The main job, as a user does it: netctl add and del on the network that needs no configuration.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Attach : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
    sure("netctl ns add client");
  }
};

TEST_F(Attach, ANamespaceGetsAnAddressAndTheHostIsItsGateway) {
  const std::string said = sure("netctl add bridge web");

  EXPECT_THAT(said, HasSubstr("172.17.0.2/16"));
  EXPECT_EQ(address_in("web", "eth0"), "172.17.0.2");
  EXPECT_EQ(address_in("", "netctl0"), "172.17.0.1");
  EXPECT_THAT(run_in("web", "ip route").out, HasSubstr("default via 172.17.0.1 dev eth0"));
  EXPECT_EQ(run("cat /proc/sys/net/ipv4/ip_forward").out, "1\n");
}

TEST_F(Attach, ContainersOnOneBridgeReachEachOtherUnderTheirOwnAddresses) {
  sure("netctl add bridge web");
  sure("netctl add bridge client");
  Server server("web", 80);

  EXPECT_EQ(ask("client", "172.17.0.2", 80, server), "172.17.0.3");
}

TEST_F(Attach, APublishedPortAnswersFromEverywhere) {
  connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
  sure("netctl add bridge web -p 8080:80");
  sure("netctl add bridge client");
  Server server("web", 80);

  EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "172.17.0.1");         // the host by loopback
  EXPECT_EQ(ask("", "172.17.0.1", 8080, server), "172.17.0.1");        // by the bridge's address
  EXPECT_EQ(ask("", "203.0.113.1", 8080, server), "203.0.113.1");      // by its address on the LAN
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, server), "203.0.113.2");   // another machine, as itself
  EXPECT_EQ(ask("client", "172.17.0.1", 8080, server), "172.17.0.1");  // a neighbour, by hairpin
  EXPECT_EQ(ask("web", "172.17.0.1", 8080, server), "172.17.0.1");     // the container itself
  EXPECT_EQ(ask("client", "203.0.113.1", 8080, server), "172.17.0.1");
}

TEST_F(Attach, TheSameHoldsForUdp) {
  connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
  sure("netctl add bridge web -p 5353:53/udp");
  sure("netctl add bridge client");
  Server server("web", 53, Transport::Udp);

  EXPECT_EQ(ask("", "127.0.0.1", 5353, server), "172.17.0.1");
  EXPECT_EQ(ask("", "172.17.0.1", 5353, server), "172.17.0.1");
  EXPECT_EQ(ask("lan", "203.0.113.1", 5353, server), "203.0.113.2");
  EXPECT_EQ(ask("client", "172.17.0.1", 5353, server), "172.17.0.1");
  EXPECT_EQ(ask("web", "172.17.0.1", 5353, server), "172.17.0.1");
}

TEST_F(Attach, ItDoesNotMatterWhetherBridgedFramesPassTheFirewallToo) {
  for (const char* value : {"0", "1"}) {
    SCOPED_TRACE(format("bridge-nf-call-iptables={}", value));
    const auto set = run(format("sysctl -qw net.bridge.bridge-nf-call-iptables={}", value));
    if (set.exit_status != 0) GTEST_SKIP() << "this kernel has no bridge netfilter: " << set.err;
    sure("netctl add bridge web -p 8080:80");
    sure("netctl add bridge client");
    Server server("web", 80);
    const std::string web = address_in("web", "eth0");

    EXPECT_EQ(ask("client", web, 80, server), address_in("client", "eth0"));
    EXPECT_EQ(ask("client", "172.17.0.1", 8080, server), "172.17.0.1");
    EXPECT_EQ(ask("web", "172.17.0.1", 8080, server), "172.17.0.1");
    EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "172.17.0.1");
    sure("netctl del bridge web");
    sure("netctl del bridge client");
  }
}

TEST_F(Attach, WhatLeavesTheNetworkIsMasqueraded) {
  connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
  sure("netctl add bridge web");
  Server outside("lan", 7000);

  EXPECT_EQ(ask("web", "203.0.113.2", 7000, outside), "203.0.113.1");
}

TEST_F(Attach, APortOnOneAddressAnswersOnThatAddressOnly) {
  connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
  sure("netctl add bridge web -p 127.0.0.1:8080:80 -p 203.0.113.1:8081:80");
  Server server("web", 80);

  EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "172.17.0.1");
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, server), "");
  EXPECT_EQ(ask("lan", "203.0.113.1", 8081, server), "203.0.113.2");
  EXPECT_EQ(ask("", "127.0.0.1", 8081, server), "");
}

TEST_F(Attach, ServicesOnTheHostsLoopbackStayClosedToContainers) {
  sure("netctl add bridge web -p 8080:80");  // opens route_localnet on the bridge
  Server secret("", 6000);
  EXPECT_EQ(run_in("web", "ip route add 127.0.0.0/8 via 172.17.0.1 table 100").exit_status, 0);
  EXPECT_EQ(run_in("web", "ip rule add pref 0 to 127.0.0.0/8 lookup 100").exit_status, 0);
  EXPECT_EQ(run_in("web", "ip rule add pref 1 lookup local").exit_status, 0);
  EXPECT_EQ(run_in("web", "ip rule del pref 0 lookup local").exit_status, 0);
  EXPECT_EQ(run_in("web", "sysctl -qw net.ipv4.conf.eth0.route_localnet=1").exit_status, 0);

  EXPECT_EQ(ask("web", "127.0.0.1", 6000, secret), "");

  // The protection is what stopped it: without the rule the same packet arrives.
  sure("nft flush chain inet netctl raw");
  EXPECT_THAT(ask("web", "127.0.0.1", 6000, secret), Not(IsEmpty()));
}

TEST_F(Attach, DelLeavesTheHostAsItWas) {
  const std::string before = host_state();
  sure("netctl add bridge web -p 8080:80 -p 5353:53/udp");
  sure("netctl add bridge client");
  EXPECT_NE(host_state(), before);

  sure("netctl del bridge web");
  sure("netctl del bridge client");

  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, AnAddWhoseResultCannotBePrintedLeavesNothing) {
  const std::string before = host_state();
  std::ofstream("/run/add.sh") << plugin_directory()
                               << "/../../bin/netctl add bridge web -p 8080:80 >/dev/full\n";

  const sys::Finished finished = run("sh /run/add.sh");

  EXPECT_NE(finished.exit_status, 0);
  EXPECT_THAT(finished.err, HasSubstr("No space left on device"));
  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, DelOfOneLeavesTheOtherWorking) {
  sure("netctl add bridge web -p 8080:80");
  sure("netctl add bridge client -p 8081:80");

  sure("netctl del bridge client");

  Server server("web", 80);
  EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "172.17.0.1");
  EXPECT_THAT(run("nft list ruleset").out, Not(HasSubstr("8081")));
}

// The file may hold just that network.
TEST_F(Attach, NoDefaultTakesThePlaceOfANetworkWhoseFileCannotBeRead) {
  const std::string before = host_state();
  std::filesystem::create_directories("/run/cni-config");
  std::filesystem::create_symlink("/proc/self/mem", "/run/cni-config/bridge.conflist");
  const auto added = run("netctl add bridge web");
  EXPECT_EQ(added.exit_status, 1);
  EXPECT_THAT(added.err, HasSubstr("network \"bridge\": read /run/cni-config/bridge.conflist: "
                                   "Input/output error"));
  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, ANetworkWhoseFileCannotBeReadIsNeitherReplacedNorSaidToBeGone) {
  sure("netctl network create web");
  const std::string file = "/run/cni-config/90-web.conflist";
  ASSERT_TRUE(std::filesystem::remove(file));
  std::filesystem::create_symlink("/proc/self/mem", file);
  for (const char* command : {"network create web", "network create --ignore web", "network rm web",
                              "network rm -f web"}) {
    const auto refused = run(format("netctl {}", command));
    EXPECT_EQ(refused.exit_status, 1) << command;
    EXPECT_THAT(refused.err, HasSubstr("Input/output error")) << command;
    EXPECT_TRUE(std::filesystem::is_symlink(file)) << command;
  }
}

// Its plugins would take for garbage what the cache does not name.
TEST_F(Attach, GcTouchesNothingWhereAnEntryOfTheCacheCannotBeRead) {
  sure("netctl add bridge web -p 8080:80");
  sure("netctl add bridge client");
  const std::string before = host_state();
  const std::string first = std::filesystem::directory_iterator("/run/cni-state/results")->path();
  const auto collected = with_error("openat", "EMFILE", first, "gc bridge");
  EXPECT_EQ(collected.exit_status, 1);
  EXPECT_THAT(collected.err, HasSubstr("what is attached to network \"bridge\" is not known: "));
  EXPECT_THAT(collected.err, HasSubstr(first + ": Too many open files"));
  EXPECT_EQ(host_state(), before);
  sure("netctl gc bridge");
  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, DelTwiceIsAsGoodAsOnce) {
  const std::string before = host_state();
  sure("netctl add bridge web");
  sure("netctl del bridge web");

  EXPECT_EQ(run("netctl del bridge web").exit_status, 0);
  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, DelWorksWhenTheNamespaceIsGone) {
  const std::string before = host_state();
  sure("netctl ns add gone");
  sure("netctl add bridge gone -p 8080:80");
  sure("netctl ns rm gone");

  sure("netctl del bridge gone");

  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, DelWorksWhenTheInterfaceOrTheBridgeOrTheTableIsGone) {
  const std::string before = host_state();
  for (const char* accident :
       {"ip link del netctl0", "nft delete table inet netctl", "ip -n web link del eth0"}) {
    SCOPED_TRACE(accident);
    sure("netctl add bridge web -p 8080:80");
    sure(accident);

    sure("netctl del bridge web");

    EXPECT_EQ(host_state(), before);
  }
}

TEST_F(Attach, DelWorksWithoutTheResultCache) {
  const std::string before = host_state();
  sure("netctl add bridge web -p 8080:80");
  sure("rm -r /run/cni-state/results");

  sure("netctl del bridge web");
  sure("rm -rf /run/cni-state/results");

  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, ASecondAddIsRefusedAndTheFirstGoesOnWorking) {
  sure("netctl add bridge web -p 8080:80");
  const std::string before = host_state();

  const auto second = run("netctl add bridge web -p 8080:80");

  EXPECT_EQ(second.exit_status, 1);
  EXPECT_THAT(second.err, HasSubstr("run DEL first"));
  EXPECT_EQ(host_state(), before);
  EXPECT_EQ(address_in("web", "eth0"), "172.17.0.2");
}

TEST_F(Attach, ManyRoundsLeaveNothing) {
  const std::string before = host_state();
  for (int round = 0; round < 25; ++round) {
    sure("netctl add bridge web -p 8080:80");
    sure("netctl del bridge web");
  }
  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, ManyAtOnceGetAddressesOfTheirOwnAndLeaveNothing) {
  const std::string before = host_state();
  std::string all;
  for (int i = 0; i < 16; ++i) all += format("{} ", i);
  // One command line starts all of them at once and waits for all.
  const auto at_once = [&](const std::string& line) {
    write_network("at_once.sh", "for i in " + all + "; do " + netctl_program() + " " + line +
                                    " & pids=\"$pids $!\"; done\n" +
                                    "for p in $pids; do wait $p || exit 1; done\n");
    return run("sh /run/cni-config/at_once.sh");
  };
  ASSERT_EQ(at_once("ns add n$i").exit_status, 0);

  const auto added = at_once("add bridge n$i -p $((9000 + i)):80");
  ASSERT_EQ(added.exit_status, 0) << added.err;
  std::set<std::string> addresses;
  for (int i = 0; i < 16; ++i) addresses.insert(address_in(format("n{}", i), "eth0"));
  EXPECT_EQ(addresses.size(), 16U);

  const auto deleted = at_once("del bridge n$i");
  EXPECT_EQ(deleted.exit_status, 0) << deleted.err;
  ASSERT_EQ(at_once("ns rm n$i").exit_status, 0);
  EXPECT_EQ(host_state(), before);
}

TEST_F(Attach, NoOtherProgramIsExecuted) {
  // The leak checker cannot work under strace.
  const auto traced =
      run(format("ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=execve -e signal=none "
                 "-o /run/trace {} add bridge web -p 8080:80",
                 netctl_program()));
  if (traced.exit_status == 127) GTEST_SKIP() << "strace is not installed";
  const std::string trace = run("cat /run/trace").out;

  std::vector<std::string> programs;
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    const auto begin = line.find("execve(\"");
    if (begin == std::string::npos) continue;
    const auto path = line.substr(begin + 8, line.find('"', begin + 8) - begin - 8);
    programs.push_back(path.substr(path.rfind('/') + 1));
  }
  EXPECT_EQ(traced.exit_status, 0) << traced.err;
  EXPECT_THAT(programs, testing::ElementsAre("netctl"));
}

}  // namespace
}  // namespace netctl::test

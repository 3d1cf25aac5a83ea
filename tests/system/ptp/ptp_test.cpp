// The ptp plugin with real packets, alone and beside the reference plugin.
#include <unistd.h>

#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "runtime-core/cni/result.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kReference = "/usr/lib/cni/ptp";

constexpr const char* kV4 = R"([{"subnet": "10.9.0.0/24"}])";
constexpr const char* kV6 = R"([{"subnet": "fd09::/64"}])";
constexpr const char* kRouteV4 = R"({"dst": "0.0.0.0/0"})";
constexpr const char* kRouteV6 = R"({"dst": "::/0"})";

class Ptp : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
    sure("netctl ns add db");
    connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
    sure("ip addr add fd99::1/64 dev lan0 nodad");
    run_in("lan", "ip addr add fd99::2/64 dev eth0 nodad");
    // It stays on after an ADD, and shows: each interface gets an anycast address.
    sure("sysctl -qw net.ipv6.conf.all.forwarding=1");
    before_ = host_state();
  }

  // The store is where both ours and the reference's plugins look for it.
  static std::string config_of(const std::string& ranges, const std::string& routes,
                               const std::string& more = R"("ipMasq": true, "mtu": 1400)",
                               const std::string& version = "1.1.0") {
    return format(R"({{"cniVersion": "{}", "name": "net", "type": "ptp", {},
        "ipam": {{"type": "host-local", "ranges": [{}], "routes": [{}],
                  "dataDir": "/run/cni-state/networks"}}}})",
                  version, more, ranges, routes);
  }
  static std::string dual() {
    return config_of(std::string(kV4) + "," + kV6, std::string(kRouteV4) + "," + kRouteV6);
  }
  // With what ADD answered, as a runtime gives it to CHECK.
  static std::string with_prev_result(const std::string& config, const std::string& result) {
    return config.substr(0, config.rfind('}')) + ", \"prevResult\": " + result + "}";
  }

  static std::map<std::string, std::string> call_of(const std::string& command,
                                                    const std::string& ns) {
    return {{"CNI_COMMAND", command},
            {"CNI_CONTAINERID", "c-" + ns},
            {"CNI_NETNS", "/run/netns/" + ns},
            {"CNI_IFNAME", "eth0"}};
  }
  sys::Finished ptp(const std::string& command, const std::string& ns, const std::string& config) {
    return plugin("ptp", call_of(command, ns), config);
  }
  std::string add(const std::string& ns, const std::string& config) {
    const auto added = ptp("ADD", ns, config);
    EXPECT_EQ(added.exit_status, 0) << added.out << added.err;
    return added.out;
  }
  void expect_refused(const sys::Finished& finished, const std::string& words) {
    EXPECT_EQ(finished.exit_status, 1);
    EXPECT_THAT(finished.out, AllOf(HasSubstr("\"msg\""), HasSubstr(words)));
  }
  std::string host_link() {
    std::smatch match;
    const std::string links = run("ip -o link show type veth").out;
    std::regex_search(links, match, std::regex("(veth[0-9a-f]+)@"));
    return match[1];
  }

  std::string before_;
};

TEST_F(Ptp, TheHostAndItsContainersReachEachOtherUnderTheirOwnAddresses) {
  add("web", dual());
  add("db", dual());
  Server web("web", 80);
  Server host("", 7000);

  EXPECT_EQ(ask("", "10.9.0.2", 80, web), "10.9.0.1");
  EXPECT_EQ(ask("", "fd09::2", 80, web), "fd09::1");
  EXPECT_EQ(ask("web", "10.9.0.1", 7000, host), "10.9.0.2");
  EXPECT_EQ(ask("web", "fd09::1", 7000, host), "fd09::2");
  // Through the host, which is no detour of theirs: their network has the same addresses.
  EXPECT_EQ(ask("db", "10.9.0.2", 80, web), "10.9.0.3");
  EXPECT_EQ(ask("db", "fd09::2", 80, web), "fd09::3");
}

TEST_F(Ptp, WhatLeavesTheNetworkIsMasqueradedWhereThatIsWanted) {
  add("web", dual());
  Server outside("lan", 7000);
  EXPECT_EQ(ask("web", "203.0.113.2", 7000, outside), "203.0.113.1");
  EXPECT_EQ(ask("web", "fd99::2", 7000, outside), "fd99::1");

  const auto plain = config_of(R"([{"subnet": "10.10.0.0/24"}])", kRouteV4, R"("mtu": 1400)");
  add("db", plain);
  run_in("lan", "ip route add 10.10.0.0/24 via 203.0.113.1");
  EXPECT_EQ(ask("db", "203.0.113.2", 7000, outside), "10.10.0.2");
}

TEST_F(Ptp, ANetworkOfIpv6OnlyWorksAndNeverWaits) {
  sure("sysctl -qw net.ipv6.conf.all.forwarding=0");
  add("web", config_of(kV6, kRouteV6));
  // Asked at once: a tentative address would not answer yet.
  Server web("web", 80);
  Server outside("lan", 7000);
  EXPECT_EQ(ask("", "fd09::2", 80, web), "fd09::1");
  EXPECT_EQ(ask("web", "fd99::2", 7000, outside), "fd99::1");
  EXPECT_THAT(run_in("web", "ip -6 -o addr show dev eth0 scope global").out,
              AllOf(HasSubstr("fd09::2/64"), Not(HasSubstr("tentative"))));
  EXPECT_THAT(run("cat /proc/sys/net/ipv4/ip_forward").out, "0\n") << "nobody asked for IPv4";
}

TEST_F(Ptp, TheResultListsTheHostEndAndTheContainerEnd) {
  const std::string compact = std::regex_replace(add("web", dual()), std::regex("\\s"), "");
  EXPECT_TRUE(std::regex_match(
      compact,
      std::regex(
          R"(\{"cniVersion":"1.1.0","interfaces":\[\{"mac":"[0-9a-f:]{17}","name":)"
          R"("veth[0-9a-f]{11}"\},\{"mac":"[0-9a-f:]{17}","name":"eth0","sandbox":)"
          R"("/run/netns/web"\}\],"ips":\[\{"address":"10.9.0.2/24","gateway":"10.9.0.1",)"
          R"("interface":1\},\{"address":"fd09::2/64","gateway":"fd09::1","interface":1\}\],)"
          R"("routes":\[\{"dst":"0.0.0.0/0"\},\{"dst":"::/0"\}\]\})")))
      << compact;
}

TEST_F(Ptp, AnIpamResultWithoutAGatewayIsRefusedAndNothingIsLeft) {
  // An IPAM plugin that forgets it, and tells when it is called.
  sure("mkdir -p /run/cni-plugins");
  write_network(
      "gateless",
      "#!/bin/sh\necho $CNI_COMMAND >> /run/calls\n[ $CNI_COMMAND = ADD ] && echo "
      "'{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": \"10.9.0.2/24\"}]}'\nexit 0\n");
  sure("chmod +x /run/cni-config/gateless");
  auto call = call_of("ADD", "web");
  call["CNI_PATH"] = "/run/cni-config";
  const std::string config =
      R"({"cniVersion": "1.0.0", "name": "net", "type": "ptp", "ipam": {"type": "gateless"}})";

  expect_refused(plugin("ptp", call, config), "gave 10.9.0.2/24 without a gateway");
  EXPECT_EQ(run("cat /run/calls").out, "ADD\nDEL\n");
  EXPECT_EQ(host_state(), before_);
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
}

TEST_F(Ptp, AFailureOfTheLastStepUndoesAllBeforeIt) {
  sure("sysctl -qw net.ipv4.ip_forward=0");
  sure("mount --bind /proc/sys /proc/sys");
  sure("mount -o remount,ro,bind /proc/sys");
  expect_refused(ptp("ADD", "web", config_of(kV4, kRouteV4)), "ip_forward");
  EXPECT_EQ(host_state(), before_);
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
  sure("umount /proc/sys");  // of the tests after this one, too, where they run in one process
}

TEST_F(Ptp, WhicheverMessageToTheKernelFailsNothingIsLeft) {
  sure("sysctl -qw net.ipv4.ip_forward=1");
  const int failed =
      with_each_failing({.call = "sendto", .error = "ENOBUFS"}, "ptp", call_of("ADD", "web"),
                        dual(), [&](const sys::Finished& added) {
                          expect_refused(added, "No buffer space");
                          EXPECT_EQ(host_state(), before_);
                          EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
                        });
  EXPECT_GT(failed, 5) << "nothing was swept";
}

TEST_F(Ptp, AnAddressThatTheHostRoutesElsewhereIsRefused) {
  sure("ip route add 10.9.0.2/32 dev lan0");
  before_ = host_state();
  expect_refused(ptp("ADD", "web", config_of(kV4, kRouteV4)), "add route 10.9.0.2/32");
  EXPECT_EQ(host_state(), before_);
}

TEST_F(Ptp, ASecondAddIsRefusedAndTheFirstGoesOnWorking) {
  add("web", dual());
  const std::string before = host_state();
  expect_refused(ptp("ADD", "web", dual()), "run DEL first");
  EXPECT_EQ(host_state(), before);
  Server web("web", 80);
  EXPECT_EQ(ask("", "10.9.0.2", 80, web), "10.9.0.1");
}

TEST_F(Ptp, DelLeavesTheHostAsItWasAndMayBeRepeated) {
  add("web", dual());
  ASSERT_NE(host_state(), before_);
  EXPECT_EQ(ptp("DEL", "web", dual()).exit_status, 0);
  EXPECT_EQ(host_state(), before_);
  EXPECT_EQ(ptp("DEL", "web", dual()).exit_status, 0);
  EXPECT_EQ(host_state(), before_);
}

TEST_F(Ptp, DelNeedsNeitherNamespaceNorInterfaceNorASensibleConfig) {
  const std::map<std::string, std::string> accidents = {
      {"true", dual()},
      {"ip -n web link del eth0", dual()},
      {"nft delete table inet netctl", dual()},
      {"true ", std::regex_replace(dual(), std::regex("\"mtu\": 1400"), "\"mtu\": \"x\"")},
  };
  for (const auto& [accident, config] : accidents) {
    SCOPED_TRACE(accident);
    add("web", dual());
    sure(accident);
    const auto deleted = plugin(
        "ptp", {{"CNI_COMMAND", "DEL"}, {"CNI_CONTAINERID", "c-web"}, {"CNI_IFNAME", "eth0"}},
        config);
    EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
    EXPECT_EQ(host_state(), before_);
  }
}

TEST_F(Ptp, TheAddressIsReleasedAfterTheInterfaceIsGone) {
  // The IPAM plugin looks whether the host still has the way to the container.
  write_network("watcher",
                "#!/bin/sh\n[ $CNI_COMMAND = DEL ] && ip route show 10.9.0.2 > /run/routes\n"
                "[ $CNI_COMMAND = ADD ] && echo '{\"cniVersion\": \"1.0.0\", \"ips\": "
                "[{\"address\": \"10.9.0.2/24\", \"gateway\": \"10.9.0.1\"}]}'\nexit 0\n");
  sure("chmod +x /run/cni-config/watcher");
  const std::string config =
      R"({"cniVersion": "1.0.0", "name": "net", "type": "ptp", "ipam": {"type": "watcher"}})";
  for (const char* command : {"ADD", "DEL"}) {
    auto call = call_of(command, "web");
    call["CNI_PATH"] = "/run/cni-config";
    ASSERT_EQ(plugin("ptp", call, config).exit_status, 0);
  }
  EXPECT_EQ(run("cat /run/routes").out, "");
}

TEST_F(Ptp, CheckTellsAllThatIsDifferentAtBothEnds) {
  const std::string config = with_prev_result(dual(), add("web", dual()));
  const auto whole = ptp("CHECK", "web", config);
  ASSERT_EQ(whole.exit_status, 0) << whole.out;

  const std::string link = host_link();
  run_in("web", "ip route del default");
  run_in("web", "ip route del 10.9.0.0/24");
  sure("ip addr del 10.9.0.1/32 dev " + link);
  sure("ip -6 route del fd09::2/128 dev " + link);
  sure("nft delete element inet netctl masquerade4 { 10.9.0.2 }");
  sure("sysctl -qw net.ipv4.ip_forward=0");
  const auto checked = ptp("CHECK", "web", config);

  // Without its address, the host's end has lost its IPv4 route too.
  expect_refused(checked, "7 differences");
  EXPECT_THAT(checked.out,
              AllOf(HasSubstr("the container has no route to 0.0.0.0/0"),
                    HasSubstr("the container has no route to 10.9.0.0/24 via 10.9.0.1"),
                    HasSubstr("does not have the address 10.9.0.1/32"),
                    HasSubstr("the host has no route to 10.9.0.2/32"),
                    HasSubstr("the host has no route to fd09::2/128"),
                    HasSubstr("masquerade4 { 10.9.0.2 } is missing"),
                    HasSubstr("the host does not forward IPv4")));
}

TEST_F(Ptp, GcRemovesWhatHasNoValidOwnerAndNothingElse) {
  add("web", dual());
  add("db", dual());
  const std::string config =
      dual().substr(0, dual().rfind('}')) +
      R"(, "cni.dev/valid-attachments": [{"containerID": "c-db", "ifname": "eth0"}]})";
  const auto collected = plugin("ptp", {{"CNI_COMMAND", "GC"}}, config);
  EXPECT_EQ(collected.exit_status, 0) << collected.out;
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
  Server db("db", 80);
  EXPECT_EQ(ask("", "10.9.0.3", 80, db), "10.9.0.1");
  EXPECT_THAT(run("nft list map inet netctl masquerade4").out,
              AllOf(HasSubstr("10.9.0.3"), Not(HasSubstr("10.9.0.2 "))));
}

TEST_F(Ptp, WithoutIpamAddIsRefusedAndDelIsNot) {
  const std::string config = R"({"cniVersion": "1.1.0", "name": "net", "type": "ptp"})";
  expect_refused(ptp("ADD", "web", config), "ipam.type");
  expect_refused(ptp("STATUS", "web", config), "ipam.type");
  EXPECT_EQ(ptp("DEL", "web", config).exit_status, 0);
  EXPECT_EQ(ptp("STATUS", "web", dual()).exit_status, 0);
}

// --- side by side with the reference plugin ---------------------------------------------------

class PtpInterop : public Ptp {
 protected:
  void SetUp() override {
    Ptp::SetUp();
    if (!IsSkipped() && ::access(kReference, X_OK) != 0) GTEST_SKIP() << "needs " << kReference;
  }

  static std::string config() {
    return config_of(std::string(kV4) + "," + kV6, std::string(kRouteV4) + "," + kRouteV6,
                     R"("ipMasq": true, "mtu": 1400)", "1.0.0");
  }

  // Lines sorted, with the names that chance or we gave to the host's end made the same.
  static std::string normalized(const std::string& text) {
    std::multiset<std::string> lines;
    std::istringstream stream(std::regex_replace(text, std::regex("veth[0-9a-f]+"), "vethX"));
    for (std::string line; std::getline(stream, line);) {
      if (line.find("fe80") == std::string::npos) lines.insert(line);
    }
    std::string sorted;
    for (const std::string& line : lines) sorted += line + "\n";
    return sorted;
  }

  // What the two have to agree on. They differ in how they get there, which shows in flags: the
  // reference deletes the route to the container's network that the kernel makes, and waits for
  // duplicate detection. Old releases of it make links without a transmit queue.
  std::string kernel_state() {
    const std::string link = host_link();
    std::string state;
    for (const char* line : {"ip route", "ip -6 route", "ip -o addr show scope global dev eth0"}) {
      state += format("inside: {}\n{}", line, run_in("web", line).out);
    }
    for (const char* line : {"ip route show dev", "ip -6 route show dev",
                             "ip -o addr show scope global dev", "ip -o link show dev"}) {
      state += format("on the host: {}\n{}", line, run(format("{} {}", line, link)).out);
    }
    state += run("sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding").out;
    state += run(format("sysctl net.ipv6.conf.{}.accept_ra", link)).out;
    state = std::regex_replace(state, std::regex(" noprefixroute| nodad| tentative"), "");
    state = std::regex_replace(state, std::regex("qlen [0-9]+|link/ether [^\n]*"), "");
    return normalized(std::regex_replace(state, std::regex("\n[0-9]+: |@if[0-9]+"), "\n"));
  }

  static cni::AddResult result_of(const std::string& json) {
    auto result = cni::parse_result(json, "1.0.0");
    EXPECT_TRUE(result) << json;
    if (!result) return {};
    for (cni::Interface& each : result->interfaces) {
      each.mac.clear();
      if (each.sandbox.empty()) each.name = "vethX";
    }
    return *result;
  }
};

TEST_F(PtpInterop, BothGiveTheSameResultAndMakeTheSameState) {
  const auto theirs = plugin_at(kReference, call_of("ADD", "web"), config());
  ASSERT_EQ(theirs.exit_status, 0) << theirs.out << theirs.err;
  const std::string their_state = kernel_state();
  ASSERT_EQ(plugin_at(kReference, call_of("DEL", "web"), config()).exit_status, 0);
  sure("rm -r /run/cni-state");

  const std::string ours = add("web", config());
  EXPECT_TRUE(result_of(ours) == result_of(theirs.out)) << ours << theirs.out;
  EXPECT_EQ(kernel_state(), their_state);
}

TEST_F(PtpInterop, OursRemovesAndReleasesWhatTheReferenceMade) {
  const std::string plain = config_of(kV4, kRouteV4, R"("mtu": 1400)", "1.0.0");
  ASSERT_EQ(plugin_at(kReference, call_of("ADD", "web"), plain).exit_status, 0);
  EXPECT_EQ(ptp("DEL", "web", plain).exit_status, 0);
  EXPECT_EQ(host_state(), before_);
}

TEST_F(PtpInterop, TheReferenceChecksAndRemovesWhatOursMade) {
  const std::string plain = config_of(kV4, kRouteV4, R"("mtu": 1400)", "1.0.0");
  const std::string result = add("web", plain);
  const auto checked =
      plugin_at(kReference, call_of("CHECK", "web"), with_prev_result(plain, result));
  EXPECT_EQ(checked.exit_status, 0) << checked.out;
  EXPECT_EQ(plugin_at(kReference, call_of("DEL", "web"), plain).exit_status, 0);
  EXPECT_EQ(host_state(), before_);
}

}  // namespace
}  // namespace netctl::test

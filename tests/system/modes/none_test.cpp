// Network mode none, and the same executable as the reference's loopback plugin.
#include <unistd.h>

#include "runtime-core/cni/result.hpp"
#include "tests/support/traffic.hpp"
#include "tests/system/modes/mode_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class NoneMode : public ModeHost {
 protected:
  sys::Finished none(const std::string& command, const std::string& more = "") {
    return plugin("none", call_of(command), config_of("none", more));
  }
  sys::Finished loopback(const std::string& command, const std::string& more = "",
                         const std::string& version = "1.0.0") {
    return plugin("loopback", call_of(command), config_of("loopback", more, version));
  }

  void expect_refused(const sys::Finished& finished, const std::string& words) {
    EXPECT_EQ(finished.exit_status, 1);
    EXPECT_THAT(finished.out, AllOf(HasSubstr("\"msg\""), HasSubstr(words)));
  }
};

TEST_F(NoneMode, LoIsUpWithTheLoopbackAddressOfEachFamily) {
  const auto added = none("ADD");
  ASSERT_EQ(added.exit_status, 0) << added.out;
  EXPECT_EQ(compact(added.out),
            R"({"cniVersion":"1.1.0","interfaces":[{"mac":"00:00:00:00:00:00","name":"lo",)"
            R"("sandbox":"/run/netns/web"}],"ips":[{"address":"127.0.0.1/8","interface":0},)"
            R"({"address":"::1/128","interface":0}]})");
  Server server("web", 80);
  EXPECT_EQ(ask("web", "127.0.0.1", 80, server), "127.0.0.1");
  EXPECT_EQ(ask("web", "::1", 80, server), "::1");
  EXPECT_THAT(run_in("web", "ip route").out, IsEmpty());
}

TEST_F(NoneMode, BothAddressesAreThereAlsoWhereTheEngineSwitchedIpv6OffOrTookThemAway) {
  run_in("web", "sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
  run_in("web", "ip link set lo up");
  run_in("web", "ip addr flush dev lo");
  const auto added = none("ADD");
  ASSERT_EQ(added.exit_status, 0) << added.out;
  EXPECT_THAT(added.out, AllOf(HasSubstr("127.0.0.1/8"), HasSubstr("::1/128")));
  EXPECT_EQ(none("CHECK").exit_status, 0);
}

TEST_F(NoneMode, AnyOtherInterfaceIsRefusedAndNothingIsChanged) {
  sure("ip -n web link add eth0 type veth peer name other0");
  const std::string before = state_of("web");
  const auto refused = none("ADD");
  expect_refused(refused, "multiple networks");
  EXPECT_THAT(refused.out, AllOf(HasSubstr("eth0"), HasSubstr("other0")));
  EXPECT_EQ(state_of("web"), before);
}

TEST_F(NoneMode, AForeignAddressOnLoIsRefused) {
  run_in("web", "ip addr add 10.0.0.1/32 dev lo");
  const std::string before = state_of("web");
  expect_refused(none("ADD"), "loopback interface found with non-loopback address");
  expect_refused(loopback("ADD"), "10.0.0.1");
  EXPECT_EQ(state_of("web"), before);
}

TEST_F(NoneMode, WhatCannotBeHadWithoutAnInterfaceIsRefused) {
  const std::string before = state_of("web");
  expect_refused(none("ADD", R"("runtimeConfig": {"ips": ["10.0.0.2/24"]})"), "an IP address");
  expect_refused(none("ADD", R"("args": {"cni": {"ips": ["10.0.0.2/24"]}})"), "an IP address");
  expect_refused(none("ADD", R"("runtimeConfig": {"aliases": ["db"]})"), "an alias");
  expect_refused(none("ADD", R"("ipam": {"type": "host-local"})"), "ipam");
  EXPECT_EQ(state_of("web"), before);
}

TEST_F(NoneMode, PublishedPortsAreDiscardedWithAWarning) {
  const auto added = none("ADD", R"("runtimeConfig": {"portMappings": [{"hostPort": 8080,
                                    "containerPort": 80, "protocol": "tcp"}]})");
  EXPECT_EQ(added.exit_status, 0) << added.out;
  EXPECT_THAT(added.err, HasSubstr("published ports are discarded"));
}

TEST_F(NoneMode, CheckTellsAllThatIsDifferent) {
  ASSERT_EQ(none("ADD").exit_status, 0);
  ASSERT_EQ(none("CHECK").exit_status, 0);
  run_in("web", "ip addr del ::1/128 dev lo");
  sure("ip -n web link add eth0 type veth peer name other0");
  const auto checked = none("CHECK");
  expect_refused(checked, "2 differences");
  EXPECT_THAT(checked.out, AllOf(HasSubstr("::1"), HasSubstr("eth0")));
}

TEST_F(NoneMode, DelTakesLoDownAndMayBeRepeatedOrLate) {
  ASSERT_EQ(none("ADD").exit_status, 0);
  ASSERT_THAT(run_in("web", "ip link show lo").out, HasSubstr("UP"));
  EXPECT_EQ(none("DEL").exit_status, 0);
  EXPECT_EQ(none("DEL").exit_status, 0);
  EXPECT_THAT(run_in("web", "ip link show lo").out, Not(HasSubstr("UP")));
  sure("ip netns del web");
  EXPECT_EQ(none("DEL").exit_status, 0);
}

TEST_F(NoneMode, ADelAfterARefusedAddLeavesLoUp) {
  run_in("web", "ip link set lo up");
  const std::string ips = R"("runtimeConfig": {"ips": ["10.0.0.2/24"]})";
  expect_refused(none("ADD", ips), "an IP address");
  EXPECT_EQ(none("DEL", ips).exit_status, 0);
  EXPECT_THAT(run_in("web", "ip link show lo").out, HasSubstr("UP"));

  sure("ip -n web link add eth0 type veth peer name other0");
  expect_refused(none("ADD"), "multiple networks");
  EXPECT_EQ(none("DEL").exit_status, 0);
  EXPECT_THAT(run_in("web", "ip link show lo").out, HasSubstr("UP"));
}

TEST_F(NoneMode, AnAddWhoseResultCannotBeWrittenLeavesLoAsItWas) {
  write_network("full", "#!/bin/sh\nexec " + plugin_directory() + "/none >/dev/full\n");
  sure("chmod +x /run/cni-config/full");
  for (const char* before : {"up", "down"}) {
    SCOPED_TRACE(before);
    sure(format("ip -n web link set lo {}", before));
    const auto added = plugin_at("/run/cni-config/full", call_of("ADD"), config_of("none", ""));
    EXPECT_EQ(added.exit_status, 1);
    EXPECT_THAT(added.err, HasSubstr("the result cannot be written: No space left on device"));
    const bool is_up =
        run_in("web", "ip link show lo").out.find("LOOPBACK,UP") != std::string::npos;
    EXPECT_EQ(is_up, std::string(before) == "up");
  }
}

TEST_F(NoneMode, TheHostsOwnLoopbackIsNeverTouched) {
  auto call = call_of("DEL");
  call["CNI_NETNS"] = "/proc/self/ns/net";
  const auto refused = plugin("none", call, config_of("none"));
  expect_refused(refused, "should not be the same");
  EXPECT_THAT(run("ip -o link show lo").out, HasSubstr("UP"));
}

TEST_F(NoneMode, StatusAndGcSucceed) {
  EXPECT_EQ(none("STATUS").exit_status, 0);
  EXPECT_EQ(none("GC").exit_status, 0);
}

TEST_F(NoneMode, UnderTheNameLoopbackItLeavesOtherInterfacesAlone) {
  sure("ip -n web link add eth0 type veth peer name other0");
  EXPECT_EQ(loopback("ADD").exit_status, 0);
  EXPECT_EQ(loopback("CHECK").exit_status, 0);
  run_in("web", "ip link set lo down");
  expect_refused(loopback("CHECK"), "loopback interface is down");
  EXPECT_THAT(plugin("loopback", {}, "").err, HasSubstr("CNI loopback plugin"));
}

TEST_F(NoneMode, UnderTheNameLoopbackItPassesAPrevResultOn) {
  const auto added = loopback("ADD", R"("prevResult": {"cniVersion": "1.0.0",
      "interfaces": [{"name": "eth0"}], "ips": [{"address": "10.1.0.2/24", "interface": 0}]})");
  EXPECT_EQ(compact(added.out), R"({"cniVersion":"1.0.0","interfaces":[{"name":"eth0"}],)"
                                R"("ips":[{"address":"10.1.0.2/24","interface":0}]})");
}

TEST_F(NoneMode, EachVersionHasItsOwnShape) {
  EXPECT_EQ(compact(loopback("ADD", "", "0.4.0").out),
            R"({"cniVersion":"0.4.0","interfaces":[{"name":"lo","mac":"00:00:00:00:00:00",)"
            R"("sandbox":"/run/netns/web"}],"ips":[{"version":"4","interface":0,)"
            R"("address":"127.0.0.1/8"},{"version":"6","interface":0,"address":"::1/128"}],)"
            R"("dns":{}})");
  EXPECT_EQ(compact(loopback("ADD", "", "0.2.0").out),
            R"({"cniVersion":"0.2.0","ip4":{"ip":"127.0.0.1/8"},"ip6":{"ip":"::1/128"},"dns":{}})");
}

// Side by side with the reference plugin, each on a namespace of its own. Of the results only the
// newer shape can be compared: under older versions the reference prints that too.
TEST_F(NoneMode, TheResultAndTheStateAreTheReferenceLoopbacks) {
  const std::string reference = format("{}/loopback", kReferences);
  if (::access(reference.c_str(), X_OK) != 0) GTEST_SKIP() << "needs " << reference;
  sure("ip netns add theirs");
  auto call = call_of("ADD");
  call["CNI_NETNS"] = "/run/netns/theirs";
  const auto ours = loopback("ADD");
  const auto theirs = plugin_at(reference, call, config_of("loopback", "", "1.0.0"));
  // Keys in another order and an empty "dns" are the same to a reader.
  const auto expected = cni::parse_result(
      std::regex_replace(theirs.out, std::regex("netns/theirs"), "netns/web"), "1.0.0");
  ASSERT_TRUE(expected) << theirs.out;
  EXPECT_EQ(cni::parse_result(ours.out, "1.0.0").value(), *expected) << ours.out << theirs.out;
  EXPECT_EQ(state_of("web"), state_of("theirs"));

  // Each undoes what the other did.
  call["CNI_COMMAND"] = "DEL";
  EXPECT_EQ(plugin("loopback", call, config_of("loopback")).exit_status, 0);
  EXPECT_EQ(plugin_at(reference, call_of("DEL"), config_of("loopback", "", "1.0.0")).exit_status,
            0);
  EXPECT_THAT(state_of("web"), Not(HasSubstr("UP")));
  EXPECT_EQ(state_of("web"), state_of("theirs"));
}

}  // namespace
}  // namespace netctl::test

// netctl doctor: each thing that keeps containers from their network is found, and told.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/background.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Doctor : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    // Of the machine that the tests run on; every namespace begins with its values.
    run("sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0 net.ipv4.conf.all.rp_filter=0");
    sure("netctl ns add web");
  }

  // The line about something.
  std::string says(const std::string& about) {
    const std::string text = run("netctl doctor -n").out;
    const auto at = text.find("   " + about + "   ");
    if (at == std::string::npos) return "nothing about " + about + ":\n" + text;
    const auto begin = text.rfind('\n', at) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
  }
};

TEST_F(Doctor, AHostInOrderHasNoFailure) {
  sure("netctl add bridge web -p 8080:80");

  const auto healthy = run("netctl doctor");

  EXPECT_EQ(healthy.exit_status, 0) << healthy.out;
  EXPECT_THAT(healthy.out, Not(HasSubstr("FAIL")));
  EXPECT_THAT(says("kernel: bridge and veth"), ContainsRegex("^OK .* works"));
  EXPECT_THAT(says("kernel: nftables NAT"), ContainsRegex("^OK .* works"));
  EXPECT_THAT(says("table inet netctl"), ContainsRegex("^OK .* on record"));
  EXPECT_THAT(says("subnets"), ContainsRegex("^OK"));
  EXPECT_THAT(sure("netctl doctor -o json"), HasSubstr("\"status\": \"OK\""));
}

TEST_F(Doctor, RulesThatAreGoneAreAFailureThatItCanFix) {
  sure("netctl add bridge web -p 8080:80");
  sure("nft flush ruleset");

  EXPECT_EQ(run("netctl doctor").exit_status, 1);
  EXPECT_EQ(run("netctl doctor").err, "");
  EXPECT_THAT(says("table inet netctl"), ContainsRegex("^FAIL .* missing.* netctl reload"));

  EXPECT_THAT(sure("netctl doctor --fix"), Not(HasSubstr("FAIL")));
  EXPECT_EQ(sure("netctl reload"), "nothing was missing");
}

TEST_F(Doctor, ATableThatLostAPartIsAFailure) {
  sure("netctl add bridge web -p 8080:80");
  sure("nft delete chain inet netctl raw");
  EXPECT_THAT(says("table inet netctl"), ContainsRegex("^FAIL .* lost .*chain raw"));

  sure("netctl reload");
  sure("nft flush chain inet netctl publish");
  EXPECT_THAT(says("table inet netctl"), ContainsRegex("^FAIL .* lost rules of chain publish"));
}

TEST_F(Doctor, AnAttachmentWhoseNamespaceIsGoneIsNamedAndCanBeFixed) {
  sure("netctl add bridge web --id first");
  sure("netctl ns rm web");
  EXPECT_THAT(says("attachments"), ContainsRegex("^WARN .*first \\(bridge\\).* netctl gc"));

  EXPECT_THAT(sure("netctl doctor --fix"), HasSubstr("detached first eth0 from bridge"));
  EXPECT_THAT(says("attachments"), ContainsRegex("^OK"));
}

TEST_F(Doctor, ForwardingThatWasSwitchedOffIsAFailure) {
  sure("netctl add bridge web");
  sure("sysctl -q -w net.ipv4.ip_forward=0");
  EXPECT_THAT(says("sysctl net.ipv4.ip_forward"), ContainsRegex("^FAIL .*ip_forward=1"));
  sure("netctl del bridge web");
  EXPECT_THAT(says("sysctl net.ipv4.ip_forward"), ContainsRegex("^OK"));
}

TEST_F(Doctor, ForwardingThatContainersNeedCanBeFixed) {
  sure("netctl add bridge web");
  sure("sysctl -q -w net.ipv4.ip_forward=0");
  EXPECT_THAT(sure("netctl doctor --fix"), Not(HasSubstr("FAIL")));
  EXPECT_EQ(sure("sysctl -n net.ipv4.ip_forward"), "1");

  sure("netctl del bridge web");
  sure("sysctl -q -w net.ipv4.ip_forward=0");
  sure("netctl doctor --fix");
  EXPECT_EQ(sure("sysctl -n net.ipv4.ip_forward"), "0") << "nobody needs it";
}

TEST_F(Doctor, RiskyParametersAreWarnings) {
  sure("sysctl -q -w net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.all.route_localnet=1");
  EXPECT_THAT(says("sysctl net.ipv4.conf.all.rp_filter"), ContainsRegex("^WARN .*rp_filter=2"));
  EXPECT_THAT(says("sysctl net.ipv4.conf.all.route_localnet"), ContainsRegex("^WARN"));
}

TEST_F(Doctor, BridgeNetfilterClosesTheIpv6Loopback) {
  if (run("sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1").exit_status != 0) {
    GTEST_SKIP() << "the kernel has no bridge netfilter in this namespace";
  }
  EXPECT_THAT(says("sysctl net.bridge.bridge-nf-call-ip6tables"),
              ContainsRegex("^WARN .*\\[::1\\]"));
}

TEST_F(Doctor, AnotherFirewallThatDropsIsAWarning) {
  EXPECT_THAT(says("firewall"), ContainsRegex("^OK .*no other"));
  sure("nft add table ip filter");
  write_network(
      "forward.nft",
      "add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }\n"
      "add chain ip filter DOCKER-USER\n");
  sure("nft -f /run/cni-config/forward.nft");

  EXPECT_THAT(says("firewall ip filter"), ContainsRegex("^WARN .*chain FORWARD drops"));
  EXPECT_THAT(says("firewall"), ContainsRegex("^OK .*Docker"));
  std::filesystem::remove("/run/cni-config/forward.nft");
}

TEST_F(Doctor, RulesOfLegacyIptablesAreAWarning) {
  if (run("iptables-legacy -S").exit_status != 0) GTEST_SKIP() << "there is no iptables-legacy";
  EXPECT_THAT(says("firewall iptables-legacy"), ContainsRegex("^WARN"));
}

TEST_F(Doctor, ASubnetThatIsSomebodyElsesToo) {
  sure("netctl network create front --subnet 10.5.0.0/24");
  sure("netctl add front web");
  EXPECT_THAT(says("subnets"), ContainsRegex("^OK"));

  connect_machine("lan", "lan0", "10.5.0.200/25", "10.5.0.201/25");
  EXPECT_THAT(says("subnet 10.5.0.0/24"),
              ContainsRegex("^WARN .*\"front\" overlaps 10.5.0.128/25"));
}

TEST_F(Doctor, ANetworkManagerWithoutOurDropIn) {
  const bool installed = std::filesystem::exists("/usr/lib/NetworkManager/conf.d/netctl.conf") ||
                         std::filesystem::exists("/etc/NetworkManager/conf.d/netctl.conf");
  EXPECT_THAT(says("NetworkManager"), ContainsRegex("^OK .*does not run"));
  std::filesystem::create_directories("/run/NetworkManager");
  if (!installed) {
    EXPECT_THAT(says("NetworkManager"), ContainsRegex("^WARN .*drop-in"));
  }

  std::filesystem::create_directories("/run/NetworkManager/conf.d");
  std::ofstream("/run/NetworkManager/conf.d/netctl.conf") << "[device-netctl]\n";
  EXPECT_THAT(says("NetworkManager"), ContainsRegex("^OK .*alone"));
}

TEST_F(Doctor, ADhcpClientThatRunsOnEveryInterface) {
  EXPECT_THAT(says("dhcpcd"), ContainsRegex("^OK .*does not run"));
  std::filesystem::create_directories("/run/other");
  std::filesystem::copy_file("/bin/sleep", "/run/other/dhcpcd");  // by the name of its program
  const Background client("/run/other/dhcpcd", {"dhcpcd", "60"}, environment);
  EXPECT_THAT(says("dhcpcd"), ContainsRegex("^WARN .*denyinterfaces veth"));
}

TEST_F(Doctor, WhatAToolHasLeftThatIsNotThereAnyMore) {
  EXPECT_THAT(says("leftovers"), ContainsRegex("^OK"));
  sure("ip link add flannel.1 type bridge");
  sure("nft add table ip nat");
  sure("nft add chain ip nat CNI-HOSTPORT-DNAT");
  EXPECT_THAT(says("leftovers of flannel"), ContainsRegex("^WARN .*ip link delete flannel.1"));
  EXPECT_THAT(says("leftovers of other CNI plugins"), ContainsRegex("^WARN .*CNI-HOSTPORT-DNAT"));
}

TEST_F(Doctor, CopiesOfAnOlderVersionThatOtherRuntimesCall) {
  sure("mount -t tmpfs tmpfs /opt");
  std::filesystem::create_directories("/opt/cni/bin");
  EXPECT_THAT(says("plugins in /opt/cni/bin"), HasSubstr("nothing about"));
  std::ofstream("/opt/cni/bin/static") << std::string("\177ELF netctl-plugins 0.0.1\0", 26);
  sure("chmod 755 /opt/cni/bin/static");
  EXPECT_THAT(says("plugins in /opt/cni/bin"),
              ContainsRegex("^WARN .*static of version 0.0.1.* netctl install --dir /opt/cni/bin"));
}

TEST_F(Doctor, PluginsThatAreMissingOrOfOthers) {
  environment["CNI_PATH"] = "/run/nowhere";
  EXPECT_THAT(says("plugins"), ContainsRegex("^FAIL .*portmap.* not found in /run/nowhere"));

  std::filesystem::create_directories("/run/other");
  std::filesystem::copy_file("/bin/true", "/run/other/bridge");
  environment["CNI_PATH"] = "/run/other:" + plugin_directory();
  EXPECT_THAT(says("plugin bridge"), ContainsRegex("^WARN .*/run/other/bridge"));
}

}  // namespace
}  // namespace netctl::test

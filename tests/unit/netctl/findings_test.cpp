#include "netctl/findings.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace netctl::command {
namespace {

using nft::ChainFacts;
using nft::Hook;
using testing::AllOf;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Is(Grade::Warn, HasSubstr("…")): the words are those of what was found.
auto Is(Grade grade, const testing::Matcher<std::string>& found) {
  return AllOf(Field(&Finding::grade, grade), Field(&Finding::found, found));
}

Finding about(const Findings& findings, const std::string& what) {
  const auto found = std::ranges::find_if(
      findings, [&](const Finding& each) { return each.about.find(what) != std::string::npos; });
  if (found != findings.end()) return *found;
  ADD_FAILURE() << "nothing about " << what;
  return {};
}

TEST(Findings, WhatIsNotInOrderComesWithAdvice) {
  for (const Finding& each :
       {judge_trial({.what = "bridge", .refusal = "no"}),
        judge_table({.name = "inet netctl", .lost = "it lost chain raw"}),
        judge_table({.name = "inet netctl", .missing = 1}), judge_attachments({"web (bridge)"}),
        judge_manager({.name = "NetworkManager", .runs = true})}) {
    EXPECT_NE(each.grade, Grade::Ok) << each.about;
    EXPECT_THAT(each.advice, Not(IsEmpty())) << each.about;
  }
}

TEST(Findings, AKernelWithoutWhatFewNeedIsOnlyAWarning) {
  EXPECT_THAT(judge_trial({.what = "bridge"}), Is(Grade::Ok, HasSubstr("works")));
  EXPECT_THAT(judge_trial({.what = "bridge", .refusal = "not supported"}),
              Is(Grade::Fail, HasSubstr("not supported")));
  EXPECT_THAT(judge_trial({.what = "VLANs", .refusal = "not supported", .need = Need::Some}),
              Is(Grade::Warn, HasSubstr("not supported")));
  EXPECT_THAT(judge_trial({.what = "cgroups", .refusal = "version 1", .need = Need::Told}),
              Is(Grade::Ok, HasSubstr("version 1")));
}

TEST(Findings, ForwardingThatIsOffHurtsOnlyThoseWhoAreAttached) {
  const auto judge = [](const char* value, bool needed) {
    return about(judge_sysctls({{"net/ipv4/ip_forward", value}}, {.v4 = needed}), "ip_forward");
  };
  EXPECT_THAT(judge("1", true), Is(Grade::Ok, HasSubstr("on")));
  EXPECT_THAT(judge("0", false), Is(Grade::Ok, HasSubstr("off")));
  EXPECT_THAT(judge("0", true), Is(Grade::Fail, HasSubstr("off")));
  EXPECT_EQ(judge("0", true).advice.find("sysctl -w net.ipv4.ip_forward=1"), 0U);
  EXPECT_THAT(about(judge_sysctls({}, {.v6 = true}), "ipv6.conf.all.forwarding"),
              Is(Grade::Ok, HasSubstr("no such family")));
}

TEST(Findings, BridgedPacketsMeetFirewalls) {
  const auto judge = [](bool others_drop) {
    return about(
        judge_sysctls({{"net/bridge/bridge-nf-call-iptables", "1"}}, {.others_drop = others_drop}),
        "call-iptables");
  };
  EXPECT_THAT(judge(false), Is(Grade::Ok, HasSubstr("on")));
  EXPECT_THAT(judge(true), Is(Grade::Warn, HasSubstr("may not reach each other")));
  EXPECT_THAT(
      about(judge_sysctls({{"net/bridge/bridge-nf-call-ip6tables", "1"}}, {}), "call-ip6tables"),
      Is(Grade::Warn, HasSubstr("[::1]")));
}

TEST(Findings, StrictReversePathsAndOpenLoopbackAreRisks) {
  const Findings findings = judge_sysctls(
      {{"net/ipv4/conf/all/rp_filter", "1"}, {"net/ipv4/conf/all/route_localnet", "1"}}, {});
  EXPECT_THAT(about(findings, "rp_filter"), Is(Grade::Warn, HasSubstr("strict")));
  EXPECT_THAT(about(findings, "route_localnet"), Is(Grade::Warn, HasSubstr("127.0.0.1")));
  const Findings loose = judge_sysctls({{"net/ipv4/conf/all/rp_filter", "2"}}, {});
  EXPECT_THAT(about(loose, "rp_filter"), Is(Grade::Ok, HasSubstr("not strict")));
}

TEST(Findings, OnlyForeignChainsThatDropWhatIsForwardedAreAWorry) {
  const ChainFacts drops{.family = "ip",
                         .table = "filter",
                         .name = "FORWARD",
                         .hook = Hook::Point::Forward,
                         .drops = true};
  ChainFacts accepts = drops;
  accepts.drops = false;
  ChainFacts input = drops;
  input.hook = Hook::Point::Input;
  ChainFacts ours = drops;
  ours.family = "inet";
  ours.table = "netctl";
  EXPECT_TRUE(others_drop({drops}));
  EXPECT_FALSE(others_drop({accepts, input, ours}));
  EXPECT_THAT(about(judge_firewalls({.chains = {drops}}), "ip filter"),
              Is(Grade::Warn, HasSubstr("FORWARD drops")));
  EXPECT_THAT(about(judge_firewalls({.chains = {accepts, input, ours}}), "firewall"),
              Is(Grade::Ok, HasSubstr("no other")));
}

TEST(Findings, OtherFirewallsAreCalledByTheirNames) {
  const auto chain = [](const char* table, const char* name) {
    return ChainFacts{.family = "ip", .table = table, .name = name};
  };
  EXPECT_THAT(
      about(judge_firewalls({.chains = {chain("filter", "DOCKER-USER"), chain("nat", "DOCKER"),
                                        chain("filter", "ufw-user-forward")}}),
            "firewall"),
      Is(Grade::Ok, HasSubstr("Docker, ufw")));
  EXPECT_THAT(
      about(judge_firewalls({.chains = {chain("firewalld", "filter_FORWARD")}}), "firewalld"),
      Is(Grade::Warn, HasSubstr("zones")));
  EXPECT_THAT(about(judge_firewalls({.legacy = true}), "iptables-legacy"),
              Is(Grade::Warn, HasSubstr("nftables")));
}

TEST(Findings, ATableHasToBeWholeAndToHoldWhatIsOnRecord) {
  EXPECT_THAT(judge_table({.name = "inet netctl"}), Is(Grade::Ok, HasSubstr("on record")));
  EXPECT_THAT(judge_table({.name = "inet netctl", .missing = 3}),
              Is(Grade::Fail, HasSubstr("3 elements")));
  EXPECT_THAT(judge_table({.name = "inet netctl", .lost = "it lost chain raw", .missing = 3}),
              Is(Grade::Fail, HasSubstr("chain raw")));
}

TEST(Findings, AManagerWithoutOurDropInMayMeddle) {
  EXPECT_EQ(judge_manager({.name = "networkd"}).grade, Grade::Ok);
  EXPECT_EQ(judge_manager({.name = "networkd", .runs = true, .has_drop_in = true}).grade,
            Grade::Ok);
  EXPECT_EQ(judge_manager({.name = "networkd", .runs = true}).grade, Grade::Warn);
  const Finding told = judge_manager({.name = "dhcpcd", .setting = "write this", .runs = true});
  EXPECT_THAT(told, Is(Grade::Warn, HasSubstr("addresses of its own")));
  EXPECT_EQ(told.advice, "write this");
}

TEST(Findings, PluginsHaveToBeThereAndOfThisVersion) {
  const PluginFile good{.name = "bridge", .path = "/lib/cni/bridge", .is_same = true};
  const PluginFile other{.name = "portmap", .path = "/opt/cni/bin/portmap"};
  const PluginFile none{.name = "ptp"};
  EXPECT_THAT(about(judge_plugins({good}, {"/lib/cni"}), "plugins"),
              Is(Grade::Ok, HasSubstr("this version")));
  EXPECT_THAT(about(judge_plugins({good, other}, {"/lib/cni"}), "portmap"),
              Is(Grade::Warn, HasSubstr("/opt/cni/bin/portmap")));
  EXPECT_THAT(about(judge_plugins({good, none}, {"/a", "/b"}), "plugins"),
              Is(Grade::Warn, HasSubstr("ptp not found in /a, /b")));
  EXPECT_THAT(about(judge_plugins({none}, {"/a"}), "plugins"),
              Is(Grade::Fail, HasSubstr("not found")));
}

TEST(Findings, CopiesOfAnotherVersionAreCalledByOtherRuntimes) {
  EXPECT_EQ(judge_copies({"/opt/cni/bin", {{"2", {"bridge"}}}}, "2").grade, Grade::Ok);
  const Finding old =
      judge_copies({"/opt/cni/bin", {{"1", {"bridge", "ptp"}}, {"2", {"host"}}}}, "2");
  EXPECT_THAT(old, Is(Grade::Warn, HasSubstr("bridge, ptp of version 1")));
  EXPECT_EQ(old.advice, "netctl install --dir /opt/cni/bin");
}

TEST(Findings, EachOverlapIsNamedWithItsHolder) {
  const IpPrefix subnet = parse_ip_prefix("10.5.0.0/24").value();
  const IpPrefix route = parse_ip_prefix("10.0.0.0/8").value();
  EXPECT_THAT(
      about(judge_ranges({{"web", subnet, route, "a route of this host"}}), "10.5.0.0/24"),
      Is(Grade::Warn, AllOf(HasSubstr("\"web\""), HasSubstr("10.0.0.0/8, a route of this host"))));
  EXPECT_EQ(judge_ranges({}).front().grade, Grade::Ok);
}

}  // namespace
}  // namespace netctl::command

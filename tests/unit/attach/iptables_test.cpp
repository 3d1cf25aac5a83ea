#include "runtime-core/attach/iptables.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/attach/host_firewalls.hpp"
#include "runtime-core/attach/iptables_legacy.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::attach {
namespace {

using nft::FilterChain;
using nft::FilterRule;
using nft::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

FilterRule to_chain(const std::string& chain) {
  return {.verdict = Verdict{.kind = Verdict::Kind::Jump, .chain = chain}};
}
const FilterRule kDropAll{.verdict = Verdict{.kind = Verdict::Kind::Drop}};

std::vector<std::string> lines(const std::vector<FilterEdit>& edits) {
  std::vector<std::string> texts;
  for (const FilterEdit& edit : edits) texts.push_back(to_text(edit));
  return texts;
}

// The table after these edits.
FilterTable edited(FilterTable table, const std::vector<FilterEdit>& edits) {
  const auto chain_of = [&](const std::string& name) -> FilterChain& {
    if (name == "FORWARD") return *table.forward;
    if (name == kContainersChain) return *table.containers;
    return table.admin[name];
  };
  for (const FilterEdit& edit : edits) {
    if (edit.kind == FilterEdit::Kind::NewChain) {
      if (edit.rule.chain == kContainersChain) table.containers = FilterChain{};
      if (edit.rule.chain != kContainersChain) table.admin[edit.rule.chain];
      continue;
    }
    auto& chain = chain_of(edit.rule.chain);
    const bool first = edit.kind == FilterEdit::Kind::Insert;
    chain.rules.insert(first ? chain.rules.begin() : chain.rules.end(), edit.rule);
    ++chain.use;
    if (!edit.rule.verdict->chain.empty()) ++chain_of(edit.rule.verdict->chain).use;
  }
  return table;
}

FilterTable dropping() { return {.forward = FilterChain{.is_base = true, .drops = true}}; }

const Admission kWeb{.addresses = {ip("10.1.2.3"), ip("fd00::3")}, .tag = "net/web/eth0"};

TEST(IptablesRules, AContainerGetsThreeAndTheChainsBeforeThem) {
  EXPECT_THAT(
      lines(admitting_edits(dropping(), Family::V4, kWeb)),
      ElementsAre("-N CNI-ADMIN", "-N CNI-FORWARD",
                  "-I CNI-FORWARD -m comment --comment \"CNI firewall plugin admin overrides\" -j "
                  "CNI-ADMIN",
                  "-I FORWARD -m comment --comment \"CNI firewall plugin rules\" -j CNI-FORWARD",
                  "-A CNI-FORWARD -d 10.1.2.3/32 -m conntrack --ctstate RELATED,ESTABLISHED -j "
                  "ACCEPT",
                  "-A CNI-FORWARD -s 10.1.2.3/32 -j ACCEPT",
                  "-A CNI-FORWARD -d 10.1.2.3/32 -m conntrack --ctstate DNAT -m comment --comment "
                  "\"net/web/eth0\" -j ACCEPT"));
}

TEST(IptablesRules, ThatAreThereAreNotMadeAgain) {
  const FilterTable table = edited(dropping(), admitting_edits(dropping(), Family::V6, kWeb));
  EXPECT_THAT(lines(admitting_edits(table, Family::V6, kWeb)), IsEmpty());
}

TEST(IptablesRules, WithoutAForwardChainThereIsNothingToDo) {
  EXPECT_THAT(admitting_edits({}, Family::V4, kWeb), IsEmpty());
  EXPECT_THAT(withdrawing_edits({}, kWeb.addresses), IsEmpty());
}

TEST(IptablesRules, TheLastContainerTakesTheChainsAlong) {
  const Admission other{.addresses = {ip("10.1.2.4")}, .tag = "net/db/eth0"};
  FilterTable table = edited(dropping(), admitting_edits(dropping(), Family::V4, kWeb));
  EXPECT_EQ(withdrawing_edits(table, kWeb.addresses).size(), 3U + 2U + 2U);

  table = edited(table, admitting_edits(table, Family::V4, other));
  EXPECT_EQ(withdrawing_edits(table, kWeb.addresses).size(), 3U);
}

TEST(IptablesRules, AUsersChainWithRulesStaysAndAllThatLeadsToIt) {
  FilterTable table = edited(dropping(), admitting_edits(dropping(), Family::V4, kWeb));
  table.admin["CNI-ADMIN"].rules.push_back(kDropAll);
  EXPECT_EQ(withdrawing_edits(table, kWeb.addresses).size(), 3U);
}

TEST(IptablesRules, ChainsOfOthersStayHoweverEmpty) {
  FilterTable table = edited(dropping(), admitting_edits(dropping(), Family::V4, kWeb));
  table.admin["SOMEBODYS"];
  for (const std::string& line : lines(withdrawing_edits(table, kWeb.addresses))) {
    EXPECT_NE(line, "-X SOMEBODYS");
  }
}

TEST(IptablesRules, ARuleThatAsksForMoreIsNotTheContainers) {
  FilterTable table = edited(dropping(), admitting_edits(dropping(), Family::V4, kWeb));
  table.containers->rules.push_back(
      {.chain = "CNI-FORWARD", .source = ip("10.1.2.3"), .verdict = Verdict{}, .has_more = true});
  EXPECT_EQ(withdrawing_edits(table, kWeb.addresses).size(), 3U);
}

TEST(IptablesForward, MayDropByPolicyByItsLastRuleOrByOthersChains) {
  EXPECT_EQ(why_it_may_drop({.is_base = true}), std::nullopt);
  EXPECT_EQ(why_it_may_drop({.is_base = true, .drops = true}), "its policy is DROP");
  EXPECT_EQ(why_it_may_drop({.is_base = true, .rules = {kDropAll}}), "its last rule drops all");
  EXPECT_EQ(why_it_may_drop({.is_base = true, .rules = {to_chain("DOCKER-USER")}}),
            "it leads to DOCKER-USER");
  EXPECT_EQ(why_it_may_drop({.is_base = true, .rules = {to_chain("ufw-before-forward")}}),
            "it leads to ufw-before-forward");
  FilterRule some = kDropAll;
  some.has_more = true;
  EXPECT_EQ(why_it_may_drop({.is_base = true, .rules = {some}}), std::nullopt);
}

// ---- whom to tell --------------------------------------------------------------------------

std::vector<ForeignFirewall> chosen(const HostView& host, Backend backend) {
  std::vector<ForeignFirewall> kinds;
  for (const FoundFirewall& each : choose_firewalls(host, backend)) kinds.push_back(each.kind);
  return kinds;
}

TEST(HostFirewalls, ThatDropNothingAreNotToldUnlessAskedFor) {
  const HostView host{.legacy_v6 = {.forward = FilterChain{.is_base = true}}};
  EXPECT_THAT(chosen(host, Backend::Any), IsEmpty());
  EXPECT_THAT(chosen(host, Backend::Iptables), ElementsAre(ForeignFirewall::IptablesLegacy));
  EXPECT_THAT(chosen({}, Backend::Iptables), IsEmpty());
}

TEST(HostFirewalls, ThatDropAreToldUnlessOnlyOursIsWanted) {
  const HostView host{.nft_v6 = dropping(), .legacy_v4 = dropping()};
  EXPECT_THAT(choose_firewalls(host, Backend::Any),
              ElementsAre(FoundFirewall{.kind = ForeignFirewall::IptablesNft,
                                        .why = "chain FORWARD of IPv6: its policy is DROP"},
                          FoundFirewall{.kind = ForeignFirewall::IptablesLegacy,
                                        .why = "chain FORWARD of IPv4: its policy is DROP"}));
  EXPECT_THAT(chosen(host, Backend::Native), IsEmpty());
  EXPECT_THAT(chosen(host, Backend::Firewalld), IsEmpty());
}

TEST(HostFirewalls, FirewalldIsToldWhereItLeftATraceAndRuns) {
  HostView host{.has_firewalld_table = true};
  EXPECT_THAT(chosen(host, Backend::Any), IsEmpty());
  host.firewalld_runs = true;
  EXPECT_THAT(chosen(host, Backend::Any), ElementsAre(ForeignFirewall::Firewalld));
  EXPECT_THAT(chosen(host, Backend::Iptables), IsEmpty());
  EXPECT_TRUE(has_trace_of_firewalld(
      {.nft_v4 = {.forward = FilterChain{.rules = {to_chain("FORWARD_IN_ZONES")}}}}));
}

TEST(LegacyTable, ThatDoesNotHangTogetherIsRefused) {
  std::vector<std::uint8_t> bytes(200, 0);
  for (const int filling : {0, 1, 0x70, 0xff}) {
    std::ranges::fill(bytes, static_cast<std::uint8_t>(filling));
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
      const LegacyTable table{.entries = std::span(bytes).first(size)};
      EXPECT_THAT(parse_legacy_table(Family::V4, table), test::FailsWith(Errc::InvalidArgument));
      EXPECT_THAT(parse_legacy_table(Family::V6, table), test::FailsWith(Errc::InvalidArgument));
    }
  }
}

}  // namespace
}  // namespace netctl::attach

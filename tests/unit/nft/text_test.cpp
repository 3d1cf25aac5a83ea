#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime-core/nft/batch.hpp"
#include "runtime-core/nft/types.hpp"
#include "tests/support/addresses.hpp"

namespace netctl::nft {
namespace {

TEST(NftText, EachStatementIsInNftsWords) {
  const struct {
    Statement statement;
    std::string text;
  } cases[] = {
      {MatchIfName{.field = Field::InIfName, .name = "lo", .negated = true}, "iifname != \"lo\""},
      {MatchIfName{.field = Field::OutIfName, .name = "eth0"}, "oifname \"eth0\""},
      {MatchAddress{.field = Field::DestV4, .prefix = prefix("172.17.0.2/16")},
       "ip daddr 172.17.0.0/16"},
      {MatchAddress{.field = Field::SourceV4, .prefix = prefix("10.0.0.1/32")},
       "ip saddr 10.0.0.1"},
      {MatchAddress{.field = Field::SourceV6, .prefix = prefix("fd00::/8"), .negated = true},
       "ip6 saddr != fd00::/8"},
      {MatchAddress{.field = Field::DestV6, .prefix = prefix("::/0")}, "ip6 daddr ::/0"},
      {MatchLocalDest{}, "fib daddr type local"},
      {MatchDnat{}, "ct status dnat"},
      {VerdictOf{.key = {Field::SourceV4}, .map = "masquerade4"}, "ip saddr vmap @masquerade4"},
      {VerdictOf{.key = {Field::InIfName, Field::OutIfName}, .map = "pairs"},
       "iifname . oifname vmap @pairs"},
      {DnatTo{.key = {Field::DestV4, Field::L4Proto, Field::DestPort}, .map = "publish4"},
       "dnat ip to ip daddr . meta l4proto . th dport map @publish4"},
      {DnatTo{.family = Family::V6, .key = {Field::L4Proto, Field::DestPort}, .map = "any"},
       "dnat ip6 to meta l4proto . th dport map @any"},
      {MatchProtocol{.protocol = Protocol::Udp}, "meta l4proto udp"},
      {MatchPort{.field = Field::SourcePort, .port = 4000}, "th sport 4000"},
      {MatchEchoId{.family = Family::V6, .id = 77}, "icmpv6 id 77"},
      {TraceOn{}, "meta nftrace set 1"},
      {Masquerade{}, "masquerade"},
      {AddFlow{.table = "fast"}, "flow add @fast"},
      {Verdict{.kind = Verdict::Kind::Accept}, "accept"},
      {Verdict{.kind = Verdict::Kind::Drop}, "drop"},
      {Verdict{.kind = Verdict::Kind::Return}, "return"},
      {Verdict{.kind = Verdict::Kind::Jump, .chain = "publish"}, "jump publish"},
      {Verdict{.kind = Verdict::Kind::Goto, .chain = "masq_10.0.0.0/8"}, "goto masq_10.0.0.0/8"},
  };
  for (const auto& [statement, text] : cases) {
    EXPECT_EQ(to_text(Rule{.chain = "c", .statements = {statement}}), text);
  }
}

TEST(NftText, StatementsOfARuleStandInARow) {
  const Rule rule{
      .chain = "postrouting",
      .statements = {MatchDnat{}, VerdictOf{.key = {Field::DestV4}, .map = "hairpin4"}}};
  EXPECT_EQ(to_text(rule), "ct status dnat ip daddr vmap @hairpin4");
}

TEST(NftText, AConcatenationHasDotsBetween) {
  EXPECT_EQ(to_text(std::vector<Datum>{ip("10.0.0.2"), Protocol::Tcp, Port{.number = 80}}),
            "10.0.0.2 . tcp . 80");
  EXPECT_EQ(to_text(std::vector<Datum>{std::string("eth0"), Verdict{}}), "\"eth0\" . accept");
}

TEST(NftText, ABatchIsAFileForNft) {
  const Element web{.set = "publish4_any",
                    .key = {Protocol::Tcp, Port{.number = 8080}},
                    .data = {ip("172.17.0.2"), Port{.number = 80}},
                    .comment = "web"};
  Batch batch("netctl");
  batch.add_table()
      .add(Set{.name = "publish4_any",
               .key = {Type::InetProto, Type::InetService},
               .data = {Type::Ipv4Addr, Type::InetService}})
      .add(Set{.name = "publish4_range",
               .key = {Type::InetProto, Type::InetService},
               .data = {Type::Ipv4Addr},
               .ranges = true})
      .add(Set{.name = "pairs", .key = {Type::IfName, Type::IfName}})
      .add(Set{.name = "hairpin6", .key = {Type::Ipv6Addr}, .data = {Type::Verdict}})
      .add(FlowTable{.name = "fast", .priority = 5, .devices = {"web0", "eth0"}})
      .add(Chain{.name = "publish"})
      .add(Chain{.name = "raw", .hook = Hook{.point = Hook::Point::Prerouting, .priority = -300}})
      .add(Rule{.chain = "publish", .statements = {Masquerade{}}})
      .add(web)
      .add(Element{.set = "publish4_range",
                   .key = {Protocol::Udp, PortRange{.first = 8000, .last = 8999}},
                   .data = {ip("172.17.0.2")}});

  EXPECT_EQ(
      to_text(batch),
      "add table inet netctl\n"
      "add map inet netctl publish4_any { type inet_proto . inet_service : ipv4_addr . "
      "inet_service "
      "; }\n"
      "add map inet netctl publish4_range { type inet_proto . inet_service : ipv4_addr ; flags "
      "interval ; }\n"
      "add set inet netctl pairs { type ifname . ifname ; }\n"
      "add map inet netctl hairpin6 { type ipv6_addr : verdict ; }\n"
      "add flowtable inet netctl fast { hook ingress priority 5 ; devices = { \"web0\", \"eth0\" } "
      "; }\n"
      "add chain inet netctl publish\n"
      "add chain inet netctl raw { type filter hook prerouting priority -300 ; policy accept ; }\n"
      "add rule inet netctl publish masquerade\n"
      "create element inet netctl publish4_any { tcp . 8080 comment \"web\" : 172.17.0.2 . 80 }\n"
      "create element inet netctl publish4_range { udp . 8000-8999 : 172.17.0.2 }\n");
}

TEST(NftText, WhatMustBeNewIsCreated) {
  Batch batch("netctl");
  batch.add_table(Add::Exclusive)
      .add(Chain{.name = "c"}, Add::Exclusive)
      .add(Element{.set = "s", .key = {Port{.number = 80}}}, Add::Ensure)
      .add(Element{.set = "s", .key = {Port{.number = 81}}});

  EXPECT_EQ(to_text(batch),
            "create table inet netctl\n"
            "create chain inet netctl c\n"
            "add element inet netctl s { 80 }\n"
            "create element inet netctl s { 81 }\n");
}

TEST(NftText, ADeletionNamesTheObjectAlone) {
  Batch batch("netctl");
  batch
      .remove(Element{.set = "m", .key = {Port{.number = 80}}, .data = {Verdict{}}, .comment = "x"})
      .remove(Chain{.name = "c", .hook = Hook{}})
      .delete_table();

  EXPECT_EQ(to_text(batch),
            "delete element inet netctl m { 80 }\n"
            "delete chain inet netctl c\n"
            "delete table inet netctl\n");
}

}  // namespace
}  // namespace netctl::nft

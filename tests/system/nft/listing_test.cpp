#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"
#include "tests/system/nft/nft_host.hpp"

// nft(8) is the judge: what it shows of our messages must be what it makes of the same text itself.
namespace netctl::nft {
namespace {

using netctl::test::Succeeds;
using testing::HasSubstr;

std::vector<Element> one_of_each() {
  const Verdict leave{.kind = Verdict::Kind::Goto, .chain = "masq_172.17.0.0/16"};
  const Verdict hairpin{.kind = Verdict::Kind::Jump, .chain = "hairpin_fd00_1__/64"};
  return {{.set = "publish4",
           .key = {ip("203.0.113.5"), Protocol::Tcp, Port{.number = 8443}},
           .data = {ip("172.17.0.2"), Port{.number = 443}},
           .comment = "bridge/web/eth0"},
          published(8080),
          {.set = "publish6",
           .key = {ip("2001:db8::5"), Protocol::Udp, Port{.number = 53}},
           .data = {ip("fd00:1::2"), Port{.number = 5353}}},
          {.set = "publish6_any",
           .key = {Protocol::Sctp, Port{.number = 9}},
           .data = {ip("fd00:1::2"), Port{.number = 10}},
           .comment = "sctp"},
          {.set = "masquerade4", .key = {ip("172.17.0.2")}, .data = {leave}, .comment = "web"},
          {.set = "hairpin6", .key = {ip("fd00:1::2")}, .data = {hairpin}, .comment = "web"}};
}

TEST_F(NftTool, TheProductsTableListsAsIfNftHadLoadedItsText) {
  Batch batch = product_table();
  for (const Element& element : one_of_each()) batch.add(element);

  ASSERT_THAT(socket().apply(batch), Succeeds());
  const std::string ours = listing();
  nft({"flush", "ruleset"});
  nft({"-f", "-"}, to_text(batch));
  EXPECT_EQ(ours, listing());
}

TEST_F(NftTool, AListingOfTheProductsTableCanBeLoadedAgain) {
  Batch batch = product_table();
  for (const Element& element : one_of_each()) batch.add(element);
  ASSERT_THAT(socket().apply(batch), Succeeds());

  const std::string saved = listing();
  nft({"flush", "ruleset"});
  nft({"-f", "-"}, saved);
  EXPECT_EQ(saved, listing());
}

TEST_F(NftTool, DeletionsAsTextDoWhatTheyDoAsMessages) {
  Batch setup = product_table();
  setup.add(published(8080)).add(published(8081)).add(Chain{.name = "spare"});
  Batch removal("netctl");
  removal.remove(published(8080)).remove(Chain{.name = "spare"});

  ASSERT_THAT(socket().apply(setup), Succeeds());
  ASSERT_THAT(socket().apply(removal), Succeeds());
  const std::string ours = listing();
  nft({"flush", "ruleset"});
  nft({"-f", "-"}, to_text(setup) + to_text(removal));
  EXPECT_EQ(ours, listing());
}

std::vector<std::vector<Statement>> prefix_matches() {
  std::vector<std::vector<Statement>> rules;
  for (unsigned length = 0; length <= 32; ++length) {
    const IpPrefix network{.address = ip("255.254.253.251"), .length = length};
    rules.push_back({MatchAddress{.field = Field::SourceV4, .prefix = network}});
  }
  for (unsigned length = 0; length <= 128; ++length) {
    const IpPrefix network{.address = ip("fdff:fefd:fbf7:efdf:bf7f:5555:aaaa:fffd"),
                           .length = length};
    rules.push_back(
        {MatchAddress{.field = Field::DestV6, .prefix = network, .negated = length % 2 == 0}});
  }
  return rules;
}

std::vector<std::vector<Statement>> other_rules() {
  const MatchAddress source{.field = Field::SourceV4, .prefix = prefix("10.0.0.0/8")};
  const MatchAddress dest{.field = Field::DestV4, .prefix = prefix("10.1.0.0/17"), .negated = true};
  return {
      {MatchIfName{.field = Field::OutIfName, .name = "fifteen-bytes-x"}},
      {MatchIfName{.field = Field::InIfName, .name = "eth0.100", .negated = true}},
      {source, dest, Verdict{.kind = Verdict::Kind::Return}},
      {MatchDnat{}, source, Verdict{.kind = Verdict::Kind::Goto, .chain = "other"}},
      {MatchLocalDest{}, Verdict{.kind = Verdict::Kind::Jump, .chain = "other"}},
      {VerdictOf{.key = {Field::InIfName}, .map = "by_name"}},
      {VerdictOf{.key = {Field::InIfName, Field::OutIfName}, .map = "by_names"}},
      {VerdictOf{.key = {Field::DestPort}, .map = "by_port"}},
      {VerdictOf{.key = {Field::L4Proto, Field::DestV6}, .map = "by_proto_and_address"}},
  };
}

Batch table_for_rules() {
  const auto map = [](const std::string& name, std::vector<Type> key) {
    return Set{.name = name, .key = std::move(key), .data = {Type::Verdict}};
  };
  Batch batch("netctl");
  batch.add_table()
      .add(map("by_name", {Type::IfName}))
      .add(map("by_names", {Type::IfName, Type::IfName}))
      .add(map("by_port", {Type::InetService}))
      .add(map("by_proto_and_address", {Type::InetProto, Type::Ipv6Addr}))
      .add(Chain{.name = "other"})
      .add(Chain{.name = "c"});
  return batch;
}

TEST_F(NftTool, EveryRuleIsShownInTheWordsOfItsText) {
  Batch batch = table_for_rules();
  std::string expected = "\tchain c {\n";
  for (const auto& rules : {prefix_matches(), other_rules()}) {
    for (const auto& statements : rules) {
      const Rule rule{.chain = "c", .statements = statements};
      batch.add(rule);
      expected += "\t\t" + to_text(rule) + "\n";
    }
  }
  ASSERT_THAT(socket().apply(batch), Succeeds());

  EXPECT_THAT(listing(), HasSubstr(expected + "\t}\n"));
  const std::string ours = listing();
  nft({"flush", "ruleset"});
  nft({"-f", "-"}, to_text(batch));
  EXPECT_EQ(ours, listing());
}

TEST_F(NftTool, EveryHookIsShownAsItWasAsked) {
  using enum Hook::Point;
  Batch batch("netctl");
  batch.add_table();
  int priority = -7;
  for (const auto point : {Prerouting, Input, Forward, Output, Postrouting}) {
    const Hook hook{.point = point, .priority = priority++};
    batch.add(Chain{.name = format("filter{}", static_cast<int>(point)), .hook = hook});
  }
  for (const auto point : {Prerouting, Input, Output, Postrouting}) {
    const Hook hook{.type = Hook::Type::Nat, .point = point, .priority = priority++};
    batch.add(Chain{.name = format("nat{}", static_cast<int>(point)), .hook = hook});
  }

  ASSERT_THAT(socket().apply(batch), Succeeds());
  const std::string ours = listing();
  nft({"flush", "ruleset"});
  nft({"-f", "-"}, to_text(batch));
  EXPECT_EQ(ours, listing());
}

TEST_F(NftTool, SetsOfEveryTypeListAsIfNftHadMadeThem) {
  Batch batch("netctl");
  batch.add_table()
      .add(Set{.name = "names", .key = {Type::IfName, Type::IfName}})
      .add(Set{.name = "addresses", .key = {Type::Ipv6Addr}})
      .add(Set{.name = "protocols", .key = {Type::InetProto}, .data = {Type::InetService}})
      .add(Element{.set = "names", .key = {std::string("cni0"), std::string("fifteen-bytes-x")}})
      .add(Element{.set = "addresses", .key = {ip("::1")}, .comment = "loopback"})
      .add(Element{.set = "protocols", .key = {Protocol::Sctp}, .data = {Port{.number = 65535}}});

  ASSERT_THAT(socket().apply(batch), Succeeds());
  const std::string ours = listing();
  nft({"flush", "ruleset"});
  nft({"-f", "-"}, to_text(batch));
  EXPECT_EQ(ours, listing());
}

TEST_F(NftTool, ACommentOf128BytesIsShownWhole) {
  const std::string comment(128, 'x');
  ASSERT_THAT(socket().apply(product_table().add(published(8080, comment))), Succeeds());
  EXPECT_THAT(listing(), HasSubstr("tcp . 8080 comment \"" + comment + "\" : 172.17.0.2 . 80"));
}

TEST_F(NftTool, ElementsThatNftAddedAreRead) {
  ASSERT_THAT(socket().apply(product_table()), Succeeds());
  nft({"-f", "-"}, to_text(Batch("netctl").add(published(8080))));

  const auto elements = socket().elements("netctl", publish_any_map());
  ASSERT_THAT(elements, Succeeds());
  EXPECT_EQ(*elements, std::vector<Element>{published(8080)});
}

}  // namespace
}  // namespace netctl::nft

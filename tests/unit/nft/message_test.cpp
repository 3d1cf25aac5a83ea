#include "runtime-core/nft/message.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::nft {
namespace {

using netctl::test::FailsSaying;
using netctl::test::FailsWith;
using netctl::test::Succeeds;
using testing::HasSubstr;

const nlmsghdr* header_of(const Bytes& message) {
  return reinterpret_cast<const nlmsghdr*>(message.data());
}

Change change_of(const Batch& batch) { return batch.changes().front(); }

// NLMSG_ERROR or NLMSG_DONE as the kernel sends it; `number` is 0 or a negative errno.
Bytes verdict_message(std::uint16_t type, std::uint32_t sequence, int number) {
  nlmsghdr header{};
  header.nlmsg_len = sizeof header + sizeof number;
  header.nlmsg_type = type;
  header.nlmsg_seq = sequence;
  Bytes bytes(header.nlmsg_len);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &number, sizeof number);
  return bytes;
}

Bytes joined(const std::vector<Bytes>& messages) {
  Bytes all;
  for (const Bytes& message : messages) all.insert(all.end(), message.begin(), message.end());
  return all;
}

// A request to add an element has the form in which the kernel reports one.
TEST(NftMessage, AnElementIsReadAsItWasWritten) {
  const Verdict leave{.kind = Verdict::Kind::Goto, .chain = "masq_172.17.0.0/16"};
  const struct {
    Set set;
    Element element;
  } cases[] = {
      {{.name = "s", .key = {Type::Ipv6Addr}}, {.set = "s", .key = {ip("fd00::1")}}},
      {{.name = "publish4",
        .key = {Type::Ipv4Addr, Type::InetProto, Type::InetService},
        .data = {Type::Ipv4Addr, Type::InetService}},
       {.set = "publish4",
        .key = {ip("203.0.113.5"), Protocol::Sctp, Port{.number = 65535}},
        .data = {ip("172.17.0.2"), Port{.number = 1}},
        .comment = "bridge/web/eth0"}},
      {{.name = "publish4_range",
        .key = {Type::InetProto, Type::InetService},
        .data = {Type::Ipv4Addr},
        .ranges = true},
       {.set = "publish4_range",
        .key = {Protocol::Tcp, PortRange{.first = 8000, .last = 8999}},
        .data = {ip("172.17.0.2")},
        .comment = "bridge/web/eth0"}},
      {{.name = "masquerade4", .key = {Type::Ipv4Addr}, .data = {Type::Verdict}},
       {.set = "masquerade4",
        .key = {ip("172.17.0.2")},
        .data = {leave},
        .comment = std::string(128, 'x')}},
      {{.name = "ends", .key = {Type::IfName}, .data = {Type::Verdict}},
       {.set = "ends", .key = {std::string("fifteen-bytes-x")}, .data = {Verdict{}}}},
  };
  for (const auto& [set, element] : cases) {
    SCOPED_TRACE(set.name);
    const auto message = encode(change_of(Batch("t").add(element)), 7, false);
    ASSERT_THAT(message, Succeeds());
    const auto decoded = decode_elements(header_of(*message), set);
    ASSERT_THAT(decoded, Succeeds());
    EXPECT_EQ(*decoded, std::vector<Element>{element});
  }
}

TEST(NftMessage, AnElementOfOtherTypesThanItsSetIsRefused) {
  const Element element{.set = "s", .key = {Port{.number = 80}}, .data = {ip("10.0.0.1")}};
  const auto message = encode(change_of(Batch("t").add(element)), 7, false);
  ASSERT_THAT(message, Succeeds());

  const Set other_key{.name = "s", .key = {Type::Ipv4Addr}, .data = {Type::Ipv4Addr}};
  EXPECT_THAT(decode_elements(header_of(*message), other_key),
              FailsSaying(HasSubstr("element of s: key: ")));
  const Set other_data{.name = "s", .key = {Type::InetService}, .data = {Type::Ipv6Addr}};
  EXPECT_THAT(decode_elements(header_of(*message), other_data),
              FailsSaying(HasSubstr("element of s: data: ")));
}

TEST(NftMessage, ADeletionHasTheKeyAlone) {
  const Set set{.name = "m", .key = {Type::InetService}};
  const Element element{
      .set = "m", .key = {Port{.number = 80}}, .data = {ip("10.0.0.1")}, .comment = "web"};
  const auto removal = encode(change_of(Batch("t").remove(element)), 7, false);
  ASSERT_THAT(removal, Succeeds());
  EXPECT_EQ(header_of(*removal)->nlmsg_type & 0xff, NFT_MSG_DELSETELEM);

  // Read as an addition it is an element without data and comment.
  Bytes addition = *removal;
  reinterpret_cast<nlmsghdr*>(addition.data())->nlmsg_type =
      (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWSETELEM;
  const auto decoded = decode_elements(header_of(addition), set);
  ASSERT_THAT(decoded, Succeeds());
  EXPECT_EQ(*decoded, (std::vector<Element>{{.set = "m", .key = {Port{.number = 80}}}}));
}

TEST(NftMessage, TheFlagsSayHowToAdd) {
  const Chain chain{.name = "c"};
  const Rule rule{.chain = "c", .statements = {Masquerade{}}};
  const struct {
    const char* what;
    Change change;
    bool acknowledge;
    int flags;
  } cases[] = {
      {"ensure", change_of(Batch("t").add(chain)), false, NLM_F_CREATE},
      {"exclusive", change_of(Batch("t").add(chain, Add::Exclusive)), false,
       NLM_F_CREATE | NLM_F_EXCL},
      {"rule", change_of(Batch("t").add(rule)), false, NLM_F_CREATE | NLM_F_APPEND},
      {"delete", change_of(Batch("t").remove(chain)), false, 0},
      {"acknowledged", change_of(Batch("t").remove(chain)), true, NLM_F_ACK},
  };
  for (const auto& [what, change, acknowledge, flags] : cases) {
    SCOPED_TRACE(what);
    const auto message = encode(change, 7, acknowledge);
    ASSERT_THAT(message, Succeeds());
    EXPECT_EQ(header_of(*message)->nlmsg_flags, NLM_F_REQUEST | flags);
    EXPECT_EQ(header_of(*message)->nlmsg_seq, 7U);
    EXPECT_EQ(header_of(*message)->nlmsg_len, message->size());
  }
}

Change rule_of(std::vector<Statement> statements) {
  return change_of(Batch("t").add(Rule{.chain = "c", .statements = std::move(statements)}));
}

TEST(NftMessage, WhatMakesNoSenseIsRefusedBeforeTheKernelSeesIt) {
  const std::string long_name(256, 'x');
  const MatchAddress v4{.field = Field::SourceV4, .prefix = prefix("10.0.0.0/8")};
  const MatchAddress v6{.field = Field::SourceV6, .prefix = prefix("fd00::/8")};
  const struct {
    const char* what;
    Change change;
  } cases[] = {
      {"no table", change_of(Batch("").add_table())},
      {"long chain", change_of(Batch("t").add(Chain{.name = long_name}))},
      {"chain of a long table", change_of(Batch(long_name).add(Chain{.name = "c"}))},
      {"set without key", change_of(Batch("t").add(Set{.name = "s", .key = {}}))},
      {"verdict as key", change_of(Batch("t").add(Set{.name = "s", .key = {Type::Verdict}}))},
      {"verdict among data",
       change_of(Batch("t").add(
           Set{.name = "s", .key = {Type::Ipv4Addr}, .data = {Type::Ipv4Addr, Type::Verdict}}))},
      {"six parts",
       change_of(Batch("t").add(Set{.name = "s", .key = std::vector<Type>(6, Type::InetProto)}))},
      {"key of 80 bytes",
       change_of(Batch("t").add(Set{.name = "s", .key = std::vector<Type>(5, Type::IfName)}))},
      {"element without key", change_of(Batch("t").add(Element{.set = "s", .key = {}}))},
      {"element that jumps nowhere",
       change_of(Batch("t").add(Element{.set = "s",
                                        .key = {Port{.number = 80}},
                                        .data = {Verdict{.kind = Verdict::Kind::Jump}}}))},
      {"long comment",
       change_of(Batch("t").add(
           Element{.set = "s", .key = {Port{.number = 80}}, .comment = std::string(129, 'x')}))},
      {"jump nowhere", rule_of({Verdict{.kind = Verdict::Kind::Jump}})},
      {"address of the other family",
       rule_of({MatchAddress{.field = Field::DestV6, .prefix = prefix("10.0.0.0/8")}})},
      {"address in a port",
       rule_of({MatchAddress{.field = Field::DestPort, .prefix = prefix("10.0.0.0/8")}})},
      {"both families", rule_of({v4, v6})},
      {"no interface field", rule_of({MatchIfName{.field = Field::DestV4, .name = "lo"}})},
      {"no interface name", rule_of({MatchIfName{.name = ""}})},
      {"lookup without key", rule_of({VerdictOf{.key = {}, .map = "m"}})},
      {"lookup of 80 bytes",
       rule_of({VerdictOf{.key = std::vector<Field>(5, Field::InIfName), .map = "m"}})},
      {"lookup in nothing", rule_of({DnatTo{.key = {Field::DestPort}, .map = ""}})},
      {"257 devices", change_of(Batch("t").add(FlowTable{
                          .name = "f", .devices = std::vector<std::string>(257, "eth0")}))},
      {"129 expressions", rule_of(std::vector<Statement>(129, Masquerade{}))},
  };
  for (const auto& [what, change] : cases) {
    SCOPED_TRACE(what);
    EXPECT_THAT(encode(change, 1, false), FailsWith(Errc::InvalidArgument));
  }
}

TEST(NftMessage, ASetWithRangesNeedsAConcatenation) {
  Set set{.name = "s", .key = {Type::InetService}, .ranges = true};
  EXPECT_THAT(encode(change_of(Batch("t").add(set)), 7, false), FailsWith(Errc::InvalidArgument));
  set.key.insert(set.key.begin(), Type::InetProto);
  EXPECT_THAT(encode(change_of(Batch("t").add(set)), 7, false), Succeeds());
}

TEST(NftMessage, TheLongestRuleFits) {
  const std::string name(255, 'x');
  const Verdict jump{.kind = Verdict::Kind::Jump, .chain = name};
  EXPECT_THAT(encode(rule_of(std::vector<Statement>(128, jump)), 1, false), Succeeds());
}

TEST(NftMessage, TheFirstRefusalIsKept) {
  const Bytes received =
      joined({verdict_message(NLMSG_ERROR, 11, -EEXIST), verdict_message(NLMSG_ERROR, 12, -ENOENT),
              verdict_message(NLMSG_ERROR, 12, 0)});
  const Reply reply = parse_reply(received, 10, 13);
  ASSERT_TRUE(reply.refused);
  EXPECT_EQ(reply.refused->sequence, 11U);
  EXPECT_EQ(reply.refused->number, EEXIST);
  EXPECT_TRUE(reply.finished);
}

TEST(NftMessage, AnswersToOtherRequestsAreNotLookedAt) {
  const Bytes received =
      joined({verdict_message(NLMSG_ERROR, 9, -EEXIST), verdict_message(NLMSG_ERROR, 14, -EEXIST)});
  const Reply reply = parse_reply(received, 10, 13);
  EXPECT_FALSE(reply.refused);
  EXPECT_FALSE(reply.finished);
}

TEST(NftMessage, AListingThatFailsAtItsEndIsRefused) {
  const Bytes received = verdict_message(NLMSG_DONE, 5, -ENOMEM);
  const Reply reply = parse_reply(received, 5, 5);
  ASSERT_TRUE(reply.refused);
  EXPECT_EQ(reply.refused->number, ENOMEM);
  EXPECT_FALSE(reply.finished);
}

TEST(NftMessage, AChangeDuringAListingIsSeen) {
  Bytes received = verdict_message(NLMSG_DONE, 5, 0);
  EXPECT_FALSE(parse_reply(received, 5, 5).interrupted);
  reinterpret_cast<nlmsghdr*>(received.data())->nlmsg_flags = NLM_F_DUMP_INTR;
  EXPECT_TRUE(parse_reply(received, 5, 5).interrupted);
}

TEST(NftMessage, AReplyThatIsCutShortEndsTheReading) {
  const Bytes whole =
      joined({verdict_message(NLMSG_ERROR, 5, 0), verdict_message(NLMSG_ERROR, 5, -EEXIST)});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    SCOPED_TRACE(length);
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(parse_reply(cut, 5, 5).refused);
  }
}

TEST(NftMessage, AMessageAboutSomethingElseIsNoAnswer) {
  const Bytes done = verdict_message(NLMSG_DONE, 5, 0);
  EXPECT_FALSE(decode_generation(header_of(done)));
  EXPECT_FALSE(decode_chain_name(header_of(done), "t"));
  const auto elements = decode_elements(header_of(done), Set{.name = "s", .key = {}});
  ASSERT_THAT(elements, Succeeds());
  EXPECT_TRUE(elements->empty());
}

TEST(NftMessage, OnlyChainsOfTheTableAreTaken) {
  const auto message = encode(change_of(Batch("t").add(Chain{.name = "c"})), 7, false);
  ASSERT_THAT(message, Succeeds());
  EXPECT_EQ(decode_chain_name(header_of(*message), "t"), "c");
  EXPECT_FALSE(decode_chain_name(header_of(*message), "other"));
}

TEST(NftMessage, OfAnImpossibleLengthEndsTheReading) {
  for (const std::uint32_t length : {0U, 15U, 21U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    SCOPED_TRACE(length);
    Bytes bytes = joined({verdict_message(NLMSG_DONE, 7, 0), verdict_message(NLMSG_DONE, 7, -1)});
    std::memcpy(bytes.data() + bytes.size() / 2, &length, sizeof length);
    const Reply reply = parse_reply(bytes, 7, 7);
    EXPECT_TRUE(reply.finished);
    EXPECT_FALSE(reply.refused);
  }
}

}  // namespace
}  // namespace netctl::nft

#include "runtime-core/nft/data.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::nft {
namespace {

using netctl::test::FailsWith;
using netctl::test::Succeeds;

TEST(NftData, PartsAreFilledUpToFourBytesInAConcatenationOnly) {
  const struct {
    std::vector<Datum> parts;
    std::vector<Type> types;
    Bytes bytes;
  } cases[] = {
      {{ip("10.1.2.3")}, {Type::Ipv4Addr}, {10, 1, 2, 3}},
      {{Protocol::Udp}, {Type::InetProto}, {17}},
      {{Port{.number = 8080}}, {Type::InetService}, {0x1f, 0x90}},
      {{std::string("eth0")},
       {Type::IfName},
       {'e', 't', 'h', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
      {{MacAddress{{2, 0x42, 0xac, 0x11, 0, 2}}}, {Type::EtherAddr}, {2, 0x42, 0xac, 0x11, 0, 2}},
      {{std::string("eth0"), MacAddress{{2, 0x42, 0xac, 0x11, 0, 2}}},
       {Type::IfName, Type::EtherAddr},
       {'e', 't', 'h', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x42, 0xac, 0x11, 0, 2, 0, 0}},
      {{Protocol::Tcp, Port{.number = 80}},
       {Type::InetProto, Type::InetService},
       {6, 0, 0, 0, 0, 80, 0, 0}},
      {{ip("fd00::2"), Port{.number = 443}},
       {Type::Ipv6Addr, Type::InetService},
       {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0xbb, 0, 0}},
  };
  for (const auto& [parts, types, bytes] : cases) {
    SCOPED_TRACE(to_text(parts));
    const auto encoded = encode_data(parts);
    ASSERT_THAT(encoded, Succeeds());
    EXPECT_EQ(*encoded, bytes);
    EXPECT_EQ(length_of(types), bytes.size());

    const auto decoded = decode_data(bytes, types);
    ASSERT_THAT(decoded, Succeeds());
    EXPECT_EQ(*decoded, parts);
  }
}

TEST(NftData, WhatCannotBeAKeyIsRefused) {
  const std::vector<std::vector<Datum>> cases = {
      {},
      {Verdict{}},
      {Port{.number = 80}, Verdict{}},
      {std::string("a name of 16 by")},
      {std::string("sixteen-bytes-xx")},
      {std::string()},
      {std::string("a"), std::string("b"), std::string("c"), std::string("d"), std::string("e")},
  };
  for (const auto& parts : cases) {
    SCOPED_TRACE(to_text(parts));
    EXPECT_THAT(encode_data(parts), FailsWith(Errc::InvalidArgument));
  }
}

TEST(NftData, ARangeHasABeginningAndAnEndThatDifferInPorts) {
  const std::vector<Type> types{Type::InetProto, Type::InetService};
  const std::vector<Datum> range{Protocol::Tcp, PortRange{.first = 0x0102, .last = 0x0304}};
  const Bytes first = encode_data(range).value();
  const Bytes last = encode_end_of_range(range).value();
  EXPECT_EQ(first, (Bytes{6, 0, 0, 0, 1, 2, 0, 0}));
  EXPECT_EQ(last, (Bytes{6, 0, 0, 0, 3, 4, 0, 0}));
  EXPECT_EQ(decode_range(first, last, types).value(), range);
  // One port is no range.
  EXPECT_EQ(decode_range(first, first, types).value(),
            (std::vector<Datum>{Protocol::Tcp, Port{.number = 0x0102}}));
  // Of protocols we know none.
  Bytes other = last;
  other[0] = 17;
  EXPECT_THAT(decode_range(first, other, types), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(encode_data({Protocol::Tcp, PortRange{.first = 80, .last = 80}}),
              FailsWith(Errc::InvalidArgument));
}

TEST(NftData, BytesOfAnotherLengthThanTheTypesAreRefused) {
  const Bytes five(5);
  EXPECT_THAT(decode_data(five, {Type::Ipv4Addr}), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(decode_data(five, {Type::InetProto, Type::InetService}),
              FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(decode_data({}, {Type::InetProto}), FailsWith(Errc::InvalidArgument));
}

// The numbers are what `nft --debug=mnl` shows to be sent for the same types.
TEST(NftData, TypesHaveTheNumbersThatNftKnowsThemBy) {
  EXPECT_EQ(kernel_type({Type::Ipv4Addr}), 7U);
  EXPECT_EQ(kernel_type({Type::Ipv4Addr, Type::InetProto, Type::InetService}), 0x730dU);
  EXPECT_EQ(kernel_type({Type::Ipv6Addr, Type::InetService}), 0x20dU);
  EXPECT_EQ(kernel_type({Type::IfName, Type::IfName}), 0xa69U);
  EXPECT_EQ(kernel_type({Type::Verdict}), 0xffffff00U);
}

TEST(NftData, VerdictsSurviveTheirNumbers) {
  using enum Verdict::Kind;
  for (const auto kind : {Accept, Drop, Return, Jump, Goto}) {
    const bool leads_on = kind == Jump || kind == Goto;
    const Verdict verdict{.kind = kind, .chain = leads_on ? "c" : ""};
    SCOPED_TRACE(to_text(verdict));
    EXPECT_THAT(check_verdict(verdict), Succeeds());
    const auto decoded = decode_verdict(kernel_verdict(kind), verdict.chain);
    ASSERT_THAT(decoded, Succeeds());
    EXPECT_EQ(*decoded, verdict);
  }
  EXPECT_THAT(decode_verdict(4711, ""), FailsWith(Errc::InvalidArgument));
}

TEST(NftData, OnlyAJumpOrGotoHasAChain) {
  EXPECT_THAT(check_verdict({.kind = Verdict::Kind::Jump}), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(check_verdict({.kind = Verdict::Kind::Drop, .chain = "c"}),
              FailsWith(Errc::InvalidArgument));
}

TEST(NftData, ACommentSurvivesTheUserData) {
  for (const std::string& comment :
       {std::string(), std::string("bridge/web/eth0"), std::string(kMaxCommentLength, 'x')}) {
    SCOPED_TRACE(comment);
    const auto encoded = encode_comment(comment);
    ASSERT_THAT(encoded, Succeeds());
    EXPECT_EQ(decode_comment(*encoded), comment);
  }
}

TEST(NftData, ACommentThatNftCouldNotReadBackIsRefused) {
  for (const std::string& comment : {std::string(kMaxCommentLength + 1, 'x'), std::string("a\"b"),
                                     std::string("a\nb"), std::string("a\0b", 3)}) {
    SCOPED_TRACE(comment);
    EXPECT_THAT(encode_comment(comment), FailsWith(Errc::InvalidArgument));
  }
}

TEST(NftData, TheCommentIsFoundAmongOtherUserData) {
  EXPECT_EQ(decode_comment(Bytes{1, 4, 0, 0, 0, 1, 0, 3, 'h', 'i', 0}), "hi");
}

TEST(NftData, UserDataThatIsCutShortHasNoComment) {
  const std::vector<Bytes> cases = {{},          {0}, {0, 3}, {0, 3, 'h', 'i'}, {1, 200, 0, 0},
                                    {1, 1, 0, 0}};
  for (const Bytes& bytes : cases) EXPECT_EQ(decode_comment(bytes), "");
}

TEST(NftData, NamesAreAsLongAsTheKernelTakesThem) {
  EXPECT_THAT(check_name("masq_172.17.0.0/16"), Succeeds());
  EXPECT_THAT(check_name(std::string(255, 'x')), Succeeds());
  EXPECT_THAT(check_name(std::string(256, 'x')), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(check_name(""), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(check_name(std::string("a\0b", 3)), FailsWith(Errc::InvalidArgument));
}

}  // namespace
}  // namespace netctl::nft

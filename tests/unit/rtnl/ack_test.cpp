// What ends a request, and how messages lie behind each other.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/rtnl/parse.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/rtnl/wire.hpp"

namespace netctl::rtnl {
namespace {

using test::FailsWith;
using test::Succeeds;
using wire::attribute;
using wire::Bytes;
using wire::error_message;
using wire::join;
using wire::list;
using wire::raw;
using wire::text;

const Bytes kRefusal =
    error_message(-EEXIST, attribute(NLMSGERR_ATTR_MSG, text("Address already assigned.")),
                  NLM_F_ACK_TLVS | NLM_F_CAPPED);

TEST(ParseAck, ZeroIsDone) {
  const auto ack = parse_ack(error_message(0, {}, NLM_F_CAPPED));

  ASSERT_THAT(ack, Succeeds());
  EXPECT_EQ(ack->number, 0);
  EXPECT_EQ(ack->text, "");
}

TEST(ParseAck, ARefusalHasItsNumberAndTheKernelsWords) {
  const auto ack = parse_ack(kRefusal);

  ASSERT_THAT(ack, Succeeds());
  EXPECT_EQ(ack->number, EEXIST);
  EXPECT_EQ(ack->text, "Address already assigned.");
}

TEST(ParseAck, TheWordsAreFoundBehindAQuotedRequest) {
  const auto ack = parse_ack(error_message(
      -EINVAL, attribute(NLMSGERR_ATTR_MSG, text("Invalid prefix")), NLM_F_ACK_TLVS, 26));

  ASSERT_THAT(ack, Succeeds());
  EXPECT_EQ(ack->text, "Invalid prefix");
}

TEST(ParseAck, TheEndOfADumpIsOneToo) {
  const Bytes body = join({raw(-ENOENT), attribute(NLMSGERR_ATTR_MSG, text("no such table"))});
  const auto ack = parse_ack(wire::message(NLMSG_DONE, body, NLM_F_MULTI | NLM_F_ACK_TLVS));

  ASSERT_THAT(ack, Succeeds());
  EXPECT_EQ(ack->number, ENOENT);
  EXPECT_EQ(ack->text, "no such table");
}

TEST(ParseAck, NonsenseIsRefused) {
  const struct {
    const char* what;
    Bytes message;
  } cases[] = {
      {"nothing", {}},
      {"not an answer", wire::message(RTM_NEWLINK, raw(ifinfomsg{}))},
      {"no errno", wire::message(NLMSG_ERROR, {})},
      {"no errno at the end", wire::message(NLMSG_DONE, {})},
      {"a positive errno", error_message(EEXIST, {}, NLM_F_CAPPED)},
      {"the smallest number there is", error_message(INT32_MIN, {}, NLM_F_CAPPED)},
      {"a quoted request that ends outside",
       wire::cut(error_message(-EINVAL, {}, NLM_F_ACK_TLVS, 64), 40)},
  };
  for (const auto& [what, message] : cases) {
    SCOPED_TRACE(what);
    EXPECT_THAT(parse_ack(message), FailsWith(Errc::Io));
  }
}

TEST(TakeMessage, SeveralInOneDatagramComeOneByOne) {
  const Bytes datagram = join({wire::message(NLMSG_DONE, list({1, 2, 3, 4, 5}), NLM_F_MULTI, 42),
                               wire::message(NLMSG_ERROR, {}, 0, 43)});
  std::span<const std::byte> rest = datagram;

  const auto first = take_message(rest);
  const auto second = take_message(rest);

  ASSERT_TRUE(first && second);
  EXPECT_EQ(header_of(*first).type, NLMSG_DONE);
  EXPECT_EQ(header_of(*first).flags, NLM_F_MULTI);
  EXPECT_EQ(header_of(*first).sequence, 42U);
  EXPECT_EQ(header_of(*second).sequence, 43U);
  EXPECT_EQ(take_message(rest), std::nullopt);
}

}  // namespace
}  // namespace netctl::rtnl

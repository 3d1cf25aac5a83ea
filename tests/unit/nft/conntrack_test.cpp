#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime-core/nft/conntrack_message.hpp"
#include "tests/support/addresses.hpp"

namespace netctl::nft {
namespace {

const nlmsghdr* connection_header(const Bytes& message) {
  return reinterpret_cast<const nlmsghdr*>(message.data());
}

// The numbers of the attributes on the outermost level.
std::vector<int> attributes_of(const Bytes& message) {
  std::vector<int> types;
  std::size_t at = sizeof(nlmsghdr) + sizeof(nfgenmsg);
  while (at + sizeof(nlattr) <= message.size()) {
    const auto* attribute = reinterpret_cast<const nlattr*>(message.data() + at);
    types.push_back(attribute->nla_type & NLA_TYPE_MASK);
    at += NLA_ALIGN(attribute->nla_len);
  }
  return types;
}

Connection connection(const char* source, const char* destination) {
  return {.original = {.source = ip(source),
                       .destination = ip(destination),
                       .protocol = Protocol::Udp,
                       .source_port = 40000,
                       .destination_port = 53},
          .id = 0x01020304};
}

// A request to delete without a tuple is the request to delete all.
TEST(ConntrackMessage, EveryDeletionNamesTheWholeTupleAndTheId) {
  for (const Connection& one : {connection("10.0.0.1", "10.0.0.2"), connection("::1", "::1")}) {
    SCOPED_TRACE(one.original.source.to_text());
    Bytes message = encode_delete_connection(one, 7);
    EXPECT_EQ(connection_header(message)->nlmsg_type & 0xff, IPCTNL_MSG_CT_DELETE);
    EXPECT_EQ(attributes_of(message), (std::vector<int>{CTA_TUPLE_ORIG, CTA_ID}));

    // Read as the kernel's own report it has all that the kernel needs to find the one.
    auto* const header = reinterpret_cast<nlmsghdr*>(message.data());
    header->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;
    auto* const tuple =
        reinterpret_cast<nlattr*>(message.data() + sizeof(nlmsghdr) + sizeof(nfgenmsg));
    const Bytes reply = [&] {
      Bytes copy(message.begin() + sizeof(nlmsghdr) + sizeof(nfgenmsg),
                 message.begin() + sizeof(nlmsghdr) + sizeof(nfgenmsg) + tuple->nla_len);
      reinterpret_cast<nlattr*>(copy.data())->nla_type = CTA_TUPLE_REPLY | NLA_F_NESTED;
      return copy;
    }();
    message.insert(message.end(), reply.begin(), reply.end());
    reinterpret_cast<nlmsghdr*>(message.data())->nlmsg_len =
        static_cast<std::uint32_t>(message.size());
    const auto decoded = decode_connection(connection_header(message));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->original, one.original);
    EXPECT_EQ(decoded->id, one.id);
  }
}

TEST(ConntrackMessage, AZoneIsNamedWhereThereIsOne) {
  Connection one = connection("10.0.0.1", "10.0.0.2");
  one.zone = 9;
  EXPECT_EQ(attributes_of(encode_delete_connection(one, 7)),
            (std::vector<int>{CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE}));
}

TEST(ConntrackMessage, WhatIsCutShortIsNoConnection) {
  const Bytes whole = encode_delete_connection(connection("10.0.0.1", "10.0.0.2"), 7);
  for (std::size_t length = sizeof(nlmsghdr); length < whole.size(); ++length) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    auto* const header = reinterpret_cast<nlmsghdr*>(cut.data());
    header->nlmsg_len = static_cast<std::uint32_t>(length);
    header->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;
    EXPECT_FALSE(decode_connection(connection_header(cut))) << length;
  }
}

TEST(ConntrackMessage, AFilterMatchesWhatItNamesAndNothingElse) {
  const Connection one = connection("10.0.0.1", "10.0.0.2");
  EXPECT_TRUE(matches({.protocol = Protocol::Udp}, one));
  EXPECT_TRUE(matches({.protocol = Protocol::Udp, .port = 53, .address = ip("10.0.0.2")}, one));
  EXPECT_FALSE(matches({.protocol = Protocol::Tcp}, one));
  EXPECT_FALSE(matches({.family = Family::V6, .protocol = Protocol::Udp}, one));
  EXPECT_FALSE(matches({.protocol = Protocol::Udp, .port = 54}, one));
  EXPECT_FALSE(matches({.protocol = Protocol::Udp, .address = ip("10.0.0.1")}, one));
}

}  // namespace
}  // namespace netctl::nft

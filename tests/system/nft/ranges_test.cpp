// Maps whose keys are ranges of ports.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "runtime-core/nft/conntrack.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/traffic.hpp"
#include "tests/system/nft/nft_host.hpp"

namespace netctl::nft {
namespace {

using netctl::test::FailsWith;
using netctl::test::Succeeds;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const Set kRanges{.name = "publish4_range",
                  .key = {Type::InetProto, Type::InetService},
                  .data = {Type::Ipv4Addr},
                  .ranges = true};

Element range(std::uint16_t first, std::uint16_t last, Protocol protocol = Protocol::Tcp) {
  return {.set = kRanges.name,
          .key = {protocol, PortRange{.first = first, .last = last}},
          .data = {ip("172.17.0.2")},
          .comment = "web"};
}

std::vector<Datum> port_key(int port) {
  return {Protocol::Tcp, Port{.number = static_cast<std::uint16_t>(port)}};
}

class NftRanges : public NftTool {
 protected:
  void SetUp() override {
    NftTool::SetUp();
    if (IsSkipped()) return;
    Batch batch("netctl");
    batch.add_table().add(kRanges);
    batch.add(Chain{
        .name = "output",
        .hook = Hook{.type = Hook::Type::Nat, .point = Hook::Point::Output, .priority = -100}});
    batch.add(Rule{.chain = "output",
                   .statements = {DnatTo{.family = Family::V4,
                                         .key = {Field::L4Proto, Field::DestPort},
                                         .map = kRanges.name,
                                         .keep_port = true}}});
    ASSERT_THAT(socket().apply(batch), Succeeds());
  }

  Status add(const Element& element) { return socket().apply(Batch("netctl").add(element)); }
  std::vector<Element> all() {
    auto elements = socket().elements("netctl", kRanges);
    EXPECT_THAT(elements, Succeeds());
    return std::move(elements).value_or({});
  }
};

TEST_F(NftRanges, TheKernelGivesBackWhatWasAdded) {
  ASSERT_THAT(add(range(8000, 8999)), Succeeds());
  ASSERT_THAT(add(range(8000, 8999, Protocol::Udp)), Succeeds());
  ASSERT_THAT(add(range(1, 65534, Protocol::Sctp)), Succeeds());

  EXPECT_THAT(all(), UnorderedElementsAre(range(8000, 8999), range(8000, 8999, Protocol::Udp),
                                          range(1, 65534, Protocol::Sctp)));
  EXPECT_THAT(listing(), HasSubstr("tcp . 8000-8999 comment \"web\" : 172.17.0.2"));
  EXPECT_THAT(listing(), HasSubstr("dnat ip to meta l4proto . th dport map @publish4_range"));
}

TEST_F(NftRanges, ARangeIsFoundByEachOfItsPorts) {
  ASSERT_THAT(add(range(8000, 8999)), Succeeds());
  for (const int port : {8000, 8500, 8999}) {
    const auto found = socket().find_element("netctl", kRanges, port_key(port));
    ASSERT_THAT(found, Succeeds());
    EXPECT_EQ(*found, range(8000, 8999)) << port;
  }
  for (const int port : {7999, 9000}) {
    const auto found = socket().find_element("netctl", kRanges, port_key(port));
    ASSERT_THAT(found, Succeeds());
    EXPECT_FALSE(*found) << port;
  }
}

TEST_F(NftRanges, ARangeIsRemovedWhole) {
  ASSERT_THAT(add(range(8000, 8999)), Succeeds());
  ASSERT_THAT(add(range(9000, 9999)), Succeeds());
  ASSERT_THAT(socket().apply(Batch("netctl").remove(range(8000, 8999))), Succeeds());
  EXPECT_THAT(all(), UnorderedElementsAre(range(9000, 9999)));
}

TEST_F(NftRanges, OneThatBeginsOrEndsInAnotherIsRefusedAsTaken) {
  ASSERT_THAT(add(range(8000, 8999)), Succeeds());
  EXPECT_THAT(add(range(8000, 8999)), FailsWith(Errc::Exists));
  EXPECT_THAT(add(range(8100, 8200)), FailsWith(Errc::Exists));
  EXPECT_THAT(add(range(7000, 8000)), FailsWith(Errc::Exists));
  EXPECT_THAT(add(range(8999, 9999)), FailsWith(Errc::Exists));
  EXPECT_EQ(all().size(), 1U);
}

TEST_F(NftRanges, PacketsGoToTheAddressAndKeepTheirPort) {
  Element here = range(8100, 8200);
  here.data = {ip("127.0.0.1")};
  ASSERT_THAT(add(here), Succeeds());
  test::Server server("", 8123);
  ASSERT_NE(test::ask("", "127.0.0.2", 8123, server), "");

  auto conntrack = Conntrack::open();
  ASSERT_THAT(conntrack, Succeeds());
  const auto found = conntrack->connections({.port = 8123});
  ASSERT_THAT(found, Succeeds());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().original.destination, ip("127.0.0.2"));
  EXPECT_EQ(found->front().reply.source, ip("127.0.0.1"));
  EXPECT_EQ(found->front().reply.source_port, 8123);
}

}  // namespace
}  // namespace netctl::nft

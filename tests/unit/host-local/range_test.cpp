#include "ipam/host-local/range.hpp"

#include <gmock/gmock.h>

#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::host_local {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

RangeSpec spec(std::string_view subnet, std::string_view start = "", std::string_view end = "") {
  RangeSpec made{.subnet = *parse_ip_prefix(subnet)};
  if (!start.empty()) made.start = ip(start);
  if (!end.empty()) made.end = ip(end);
  return made;
}

TEST(RangeTest, WhatIsNotWrittenIsFilledIn) {
  struct Case {
    const char* subnet;
    const char* start;
    const char* end;
    const char* completed;
    const char* gateway;
  };
  const Case cases[] = {
      {"10.0.0.0/24", "", "", "10.0.0.1-10.0.0.254", "10.0.0.1"},
      {"10.0.0.0/30", "", "", "10.0.0.1-10.0.0.2", "10.0.0.1"},
      {"10.0.0.0/24", "10.0.0.9", "10.0.0.9", "10.0.0.9-10.0.0.9", "10.0.0.1"},
      {"10.0.0.0/24", "10.0.0.0", "10.0.0.255", "10.0.0.0-10.0.0.255", "10.0.0.1"},
      {"0.0.0.0/0", "", "", "0.0.0.1-255.255.255.254", "0.0.0.1"},
      {"fd00::/64", "", "", "fd00::1-fd00::ffff:ffff:ffff:ffff", "fd00::1"},
      {"fd00::/126", "", "", "fd00::1-fd00::3", "fd00::1"},
      {"fd00::/64", "fd00::10", "", "fd00::10-fd00::ffff:ffff:ffff:ffff", "fd00::1"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.completed);
    const auto range = complete(spec(row.subnet, row.start, row.end));
    ASSERT_THAT(range, Succeeds());
    EXPECT_EQ(range->to_text(), row.completed);
    EXPECT_EQ(range->gateway.to_text(), row.gateway);
  }
}

TEST(RangeTest, AGatewayMayLieOutsideTheSubnet) {
  RangeSpec given = spec("10.0.0.0/24");
  given.gateway = ip("192.168.0.1");
  const auto range = complete(given);
  ASSERT_THAT(range, Succeeds());
  EXPECT_EQ(range->gateway, ip("192.168.0.1"));
}

TEST(RangeTest, ImpossibleRangesAreRefusedInTheReferencePluginsWords) {
  struct Case {
    RangeSpec spec;
    const char* words;
  };
  const Case cases[] = {
      {{}, "a range needs a \"subnet\""},
      {spec("10.0.0.0/31"), "Network 10.0.0.0/31 too small to allocate from"},
      {spec("10.0.0.1/32"), "Network 10.0.0.1/32 too small to allocate from"},
      {spec("fd00::/127"), "Network fd00::/127 too small to allocate from"},
      {spec("10.0.0.7/24"),
       "Network has host bits set. For a subnet mask of length 24 the network address is 10.0.0.0"},
      {spec("10.0.0.0/24", "10.0.1.0"), "RangeStart 10.0.1.0 not in network 10.0.0.0/24"},
      {spec("10.0.0.0/24", "", "10.0.1.5"), "RangeEnd 10.0.1.5 not in network 10.0.0.0/24"},
      {spec("10.0.0.0/24", "10.0.0.9", "10.0.0.5"),
       "RangeStart 10.0.0.9 not in network 10.0.0.0/24"},
      {spec("10.0.0.0/24", "", "10.0.0.0"), "RangeEnd 10.0.0.0 not in network 10.0.0.0/24"},
      {spec("10.0.0.0/24", "fd00::1"), "RangeStart fd00::1 not in network 10.0.0.0/24"},
      {spec("10.0.0.0/24", "10.0.1.0", "10.0.2.0"),
       "RangeStart 10.0.1.0 not in network 10.0.0.0/24; "
       "RangeEnd 10.0.2.0 not in network 10.0.0.0/24"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.words);
    EXPECT_THAT(complete(row.spec), FailsSaying(row.words));
  }
}

TEST(RangeTest, ASetOfRangesFitsTogether) {
  const auto set = [](std::initializer_list<RangeSpec> specs) {
    return complete(std::vector<RangeSpec>(specs));
  };
  EXPECT_THAT(set({}), FailsSaying("empty range set"));
  EXPECT_THAT(set({spec("10.0.0.0/24"), spec("fd00::/64")}), FailsSaying("mixed address families"));
  EXPECT_THAT(set({spec("10.0.0.0/24"), spec("10.0.0.0/16", "10.0.0.254", "10.0.1.1")}),
              FailsSaying("subnets 10.0.0.1-10.0.0.254 and 10.0.0.254-10.0.1.1 overlap"));
  EXPECT_THAT(set({spec("10.0.0.0/31"), spec("10.0.1.1/24")}),
              FailsSaying(testing::AllOf(HasSubstr("10.0.0.0/31 too small"),
                                         HasSubstr("network address is 10.0.1.0"))));
  const auto neighbours = set(
      {spec("10.0.0.0/24", "10.0.0.2", "10.0.0.9"), spec("10.0.0.0/24", "10.0.0.10", "10.0.0.20")});
  ASSERT_THAT(neighbours, Succeeds());
  EXPECT_EQ(to_text(*neighbours), "10.0.0.2-10.0.0.9,10.0.0.10-10.0.0.20");
}

}  // namespace
}  // namespace netctl::host_local

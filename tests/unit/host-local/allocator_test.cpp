#include "ipam/host-local/allocator.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/addresses.hpp"

namespace netctl::host_local {
namespace {

Range range(std::string_view start, std::string_view end, std::string_view gateway) {
  const IpAddress first = ip(start);
  return {.subnet = {.address = IpAddress::unspecified(first.family())},
          .start = first,
          .end = ip(end),
          .gateway = ip(gateway),
          .exclude = {}};
}

// The address in text, "none" when there is no free one.
std::string next(const RangeSet& set, std::string_view last,
                 std::initializer_list<const char*> taken = {}) {
  std::set<IpAddress> addresses;
  for (const char* text : taken) addresses.insert(ip(text));
  const FirstFree first_free = [&](IpAddress from, const IpAddress& to) {
    for (; from <= to; from = from.next()) {
      if (!addresses.contains(from)) return Result(std::optional(from));
      if (from == to) break;
    }
    return Result(std::optional<IpAddress>());
  };
  const auto after = last.empty() ? std::optional<IpAddress>() : std::optional(ip(last));
  const auto found = next_free(set, after, first_free);
  return *found ? (*found)->to_text() : "none";
}

const RangeSet kOne{range("10.0.0.1", "10.0.0.4", "10.0.0.1")};

TEST(AllocatorTest, TheFirstAddressIsTheFirstThatIsNotTheGateway) {
  EXPECT_EQ(next(kOne, ""), "10.0.0.2");
  EXPECT_EQ(next({range("10.0.0.1", "10.0.0.4", "10.9.9.9")}, ""), "10.0.0.1");
}

TEST(AllocatorTest, TheSearchGoesOnAfterTheLastAddressAndThenRound) {
  EXPECT_EQ(next(kOne, "10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(next(kOne, "10.0.0.4"), "10.0.0.2");
  EXPECT_EQ(next(kOne, "10.0.0.2", {"10.0.0.3", "10.0.0.4"}), "10.0.0.2");
  EXPECT_EQ(next(kOne, "10.0.0.3", {"10.0.0.3", "10.0.0.4"}), "10.0.0.2");
  EXPECT_EQ(next(kOne, "10.0.0.3", {"10.0.0.2", "10.0.0.4"}), "10.0.0.3");
}

TEST(AllocatorTest, ALastAddressFromElsewhereMeansTheBeginning) {
  EXPECT_EQ(next(kOne, "10.7.7.7"), "10.0.0.2");
  EXPECT_EQ(next(kOne, "fd00::2"), "10.0.0.2");
}

TEST(AllocatorTest, AFullSetHasNothing) {
  EXPECT_EQ(next(kOne, "", {"10.0.0.2", "10.0.0.3", "10.0.0.4"}), "none");
  EXPECT_EQ(next(kOne, "10.0.0.3", {"10.0.0.2", "10.0.0.3", "10.0.0.4"}), "none");
  EXPECT_EQ(next({range("10.0.0.1", "10.0.0.1", "10.0.0.1")}, ""), "none");
}

TEST(AllocatorTest, RangesFollowEachOther) {
  const RangeSet two{range("10.0.0.2", "10.0.0.3", "10.0.0.1"),
                     range("10.0.1.1", "10.0.1.2", "10.0.1.1")};
  EXPECT_EQ(next(two, "10.0.0.3"), "10.0.1.2");
  EXPECT_EQ(next(two, "10.0.1.2"), "10.0.0.2");
  EXPECT_EQ(next(two, "", {"10.0.0.2", "10.0.0.3"}), "10.0.1.2");
  EXPECT_EQ(next(two, "10.0.0.2", {"10.0.0.3", "10.0.1.2"}), "10.0.0.2");
  EXPECT_EQ(next(two, "10.0.1.2", {"10.0.0.2", "10.0.0.3", "10.0.1.2"}), "none");
}

TEST(AllocatorTest, TheGatewayOfAnotherRangeOfTheSetIsNotGivenEither) {
  const RangeSet two{range("10.0.0.2", "10.0.0.9", "10.0.0.1"),
                     range("10.0.0.10", "10.0.0.20", "10.0.0.3")};
  EXPECT_EQ(next(two, "10.0.0.2"), "10.0.0.4");
}

TEST(AllocatorTest, TheLastAddressesThereAreDoNotWrap) {
  const RangeSet top4{range("255.255.255.254", "255.255.255.255", "10.0.0.1")};
  EXPECT_EQ(next(top4, "255.255.255.254"), "255.255.255.255");
  EXPECT_EQ(next(top4, "255.255.255.255"), "255.255.255.254");
  EXPECT_EQ(next(top4, "", {"255.255.255.254", "255.255.255.255"}), "none");
  const char* last6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  EXPECT_EQ(next({range(last6, last6, "fd00::1")}, "", {last6}), "none");
}

RangeSet excluding(RangeSet set, std::initializer_list<const char*> excluded) {
  for (const char* text : excluded) set.front().exclude.push_back(*parse_interval(text));
  return set;
}

TEST(AllocatorTest, ExcludedAddressesAreNeverGiven) {
  const RangeSet set{range("10.0.0.1", "10.0.0.20", "10.0.0.1")};
  EXPECT_EQ(next(excluding(set, {"10.0.0.2"}), ""), "10.0.0.3");
  EXPECT_EQ(next(excluding(set, {"10.0.0.0/28"}), ""), "10.0.0.16");
  EXPECT_EQ(next(excluding(set, {"10.0.0.3-10.0.0.20"}), "10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(next(excluding(set, {"10.0.0.3", "10.0.0.4-10.0.0.7"}), "10.0.0.2"), "10.0.0.8");
  EXPECT_EQ(next(excluding(set, {"10.0.0.3"}), "10.0.0.2", {"10.0.0.4"}), "10.0.0.5");
  EXPECT_EQ(next(excluding(set, {"10.0.0.0/24"}), ""), "none");
  EXPECT_EQ(next(excluding(set, {"10.0.0.2-10.0.0.20"}), ""), "none") << "the gateway is left";
}

TEST(AllocatorTest, TakenAddressesOfOtherRangesDoNotMatter) {
  EXPECT_EQ(next(kOne, "", {"9.0.0.1", "10.0.0.2", "10.0.0.9", "fd00::1"}), "10.0.0.3");
}

TEST(AllocatorTest, AHugeRangeIsNotWalkedThrough) {
  const RangeSet huge{range("fd00::1", "fd00::ffff:ffff:ffff:ffff", "fd00::1")};
  EXPECT_EQ(next(huge, "", {"fd00::2"}), "fd00::3");
  EXPECT_EQ(next(huge, "fd00::ffff:ffff:ffff:ffff", {"fd00::2"}), "fd00::3");
  EXPECT_EQ(next(excluding(huge, {"fd00::/80"}), ""), "fd00::1:0:0:0");
}

}  // namespace
}  // namespace netctl::host_local

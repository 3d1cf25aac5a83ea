#include "runtime-core/addr/ip.hpp"

#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"

namespace netctl {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(IpAddress, IsReadAndWrittenInCanonicalForm) {
  const struct {
    std::string input;
    std::string canonical;
  } table[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"172.17.0.2", "172.17.0.2"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"FD00::A", "fd00::a"},
      {"fd00:0:0:0:0:0:0:1", "fd00::1"},
      {"fd00:0000:00:0::0001", "fd00::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group of zeros is not shortened
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run is
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equal ones
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
      {"::10.0.0.1", "::a00:1"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.input);
    const auto address = parse_ip_address(row.input);
    ASSERT_THAT(address, Succeeds());
    EXPECT_EQ(address->to_text(), row.canonical);
  }
}

TEST(IpAddress, IsRefusedByName) {
  for (const std::string input : {"",
                                  " ",
                                  "1",
                                  "1.2.3",
                                  "1.2.3.4.5",
                                  "1.2.3.256",
                                  "1.2.3.-4",
                                  "01.2.3.4",
                                  "1.2.3.04",
                                  "0x1.2.3.4",
                                  " 1.2.3.4",
                                  "1.2.3.4 ",
                                  "1.2.3.4\n",
                                  "1.2.3.4/24",
                                  "1..3.4",
                                  ":",
                                  ":::",
                                  "1:2:3:4:5:6:7",
                                  "1:2:3:4:5:6:7:8:9",
                                  "1::2::3",
                                  "12345::",
                                  "g::",
                                  "fe80::1%eth0",
                                  "[::1]",
                                  "localhost"}) {
    SCOPED_TRACE(input);
    const auto address = parse_ip_address(input);
    EXPECT_THAT(address, FailsWith(Errc::InvalidArgument));
    EXPECT_THAT(address, FailsSaying("\"" + input + "\" is not an IP address"));
  }
}

TEST(IpAddress, IsNotReadPastAZeroByte) {
  EXPECT_THAT(parse_ip_address(std::string_view("1.2.3.4\0.5", 9)),
              FailsWith(Errc::InvalidArgument));
}

TEST(IpAddress, IsItsBytesInNetworkOrder) {
  const std::array<std::uint8_t, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  EXPECT_THAT(IpAddress::v4(10, 1, 2, 3).bytes(), ElementsAre(10, 1, 2, 3));
  EXPECT_EQ(IpAddress::v4(10, 1, 2, 3).bits(), 32U);
  EXPECT_EQ(IpAddress::from_bytes(loopback), ip("::1"));
  EXPECT_EQ(ip("::1").bits(), 128U);
}

TEST(IpAddress, KnowsItsKind) {
  const struct {
    std::string text;
    bool unspecified;
    bool loopback;
    bool multicast;
  } table[] = {
      {"0.0.0.0", true, false, false},     {"::", true, false, false},
      {"127.0.0.1", false, true, false},   {"127.255.255.255", false, true, false},
      {"128.0.0.0", false, false, false},  {"::1", false, true, false},
      {"::2", false, false, false},        {"224.0.0.1", false, false, true},
      {"239.255.0.1", false, false, true}, {"223.255.255.255", false, false, false},
      {"240.0.0.1", false, false, false},  {"ff02::1", false, false, true},
      {"fe80::1", false, false, false},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.text);
    EXPECT_EQ(ip(row.text).is_unspecified(), row.unspecified);
    EXPECT_EQ(ip(row.text).is_loopback(), row.loopback);
    EXPECT_EQ(ip(row.text).is_multicast(), row.multicast);
  }
}

TEST(IpAddress, IsOrderedByFamilyThenByNumber) {
  const std::vector<std::string> ascending{
      "0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.1.0", "255.255.255.255",
      "::",      "::1:0",         "fd00::"};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    SCOPED_TRACE(ascending[i]);
    EXPECT_LT(ip(ascending[i - 1]), ip(ascending[i]));
  }
  EXPECT_NE(ip("0.0.0.0"), ip("::"));
}

TEST(IpAddress, HasANeighbourOnEachSide) {
  const struct {
    std::string address;
    std::string next;
  } table[] = {
      {"10.0.0.1", "10.0.0.2"},
      {"10.0.0.255", "10.0.1.0"},
      {"10.255.255.255", "11.0.0.0"},
      {"255.255.255.255", "0.0.0.0"},
      {"::", "::1"},
      {"::ffff", "::1:0"},
      {"fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.address);
    EXPECT_EQ(ip(row.address).next().to_text(), row.next);
    EXPECT_EQ(ip(row.next).previous().to_text(), row.address);
  }
}

TEST(IpAddress, StepsFurtherThanOne) {
  const struct {
    std::string address;
    std::uint64_t steps;
    std::string sum;
  } table[] = {
      {"10.0.0.1", 0, "10.0.0.1"},
      {"10.0.0.1", 255, "10.0.1.0"},
      {"10.0.0.0", 0x01020304, "11.2.3.4"},
      {"10.0.0.0", 0x1'0000'0000, "10.0.0.0"},
      {"255.255.255.255", 0xffff'ffff, "255.255.255.254"},
      {"fd00::1", 0xffff'ffff'ffff'ffff, "fd00:0:0:1::"},
      {"::ffff:ffff:ffff:ffff", 0xffff'ffff'ffff'ffff, "::1:ffff:ffff:ffff:fffe"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.address);
    EXPECT_EQ(ip(row.address).next(row.steps).to_text(), row.sum);
  }
}

TEST(IpPrefix, KeepsItsHostBits) {
  for (const std::string text : {"0.0.0.0/0", "10.1.2.3/0", "172.17.0.2/16", "10.0.0.1/32", "::/0",
                                 "fd00::1/64", "::1/128"}) {
    SCOPED_TRACE(text);
    const auto parsed = parse_ip_prefix(text);
    ASSERT_THAT(parsed, Succeeds());
    EXPECT_EQ(parsed->to_text(), text);
  }
}

TEST(IpPrefix, IsRefusedByName) {
  for (const std::string input :
       {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/00",
        "10.0.0.0/8 ", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "/8", "10.0/8", "::/129",
        "fd00::1/4294967297", "x/8"}) {
    SCOPED_TRACE(input);
    EXPECT_THAT(parse_ip_prefix(input), FailsSaying("\"" + input + "\" is not in CIDR notation"));
  }
}

TEST(IpPrefix, WithoutALengthIsRefusedWithTheHint) {
  EXPECT_THAT(parse_ip_prefix("10.0.0.1"),
              FailsSaying(AllOf(HasSubstr("\"10.0.0.1\""), HasSubstr("no \"/length\""))));
}

TEST(IpPrefix, ReachesFromItsNetworkToItsLastAddress) {
  const struct {
    std::string text;
    std::string network;
    std::string last;
  } table[] = {
      {"10.1.2.3/0", "0.0.0.0", "255.255.255.255"},
      {"10.1.2.3/8", "10.0.0.0", "10.255.255.255"},
      {"10.1.2.3/15", "10.0.0.0", "10.1.255.255"},
      {"10.1.2.3/17", "10.1.0.0", "10.1.127.255"},
      {"10.1.2.3/24", "10.1.2.0", "10.1.2.255"},
      {"10.1.2.3/30", "10.1.2.0", "10.1.2.3"},
      {"10.1.2.3/31", "10.1.2.2", "10.1.2.3"},
      {"10.1.2.3/32", "10.1.2.3", "10.1.2.3"},
      {"fd00::5/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"fd00:1:2:3:4::5/63", "fd00:1:2:2::", "fd00:1:2:3:ffff:ffff:ffff:ffff"},
      {"fd00::5/127", "fd00::4", "fd00::5"},
      {"fd00::5/128", "fd00::5", "fd00::5"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.text);
    EXPECT_EQ(prefix(row.text).network().to_text(), row.network);
    EXPECT_EQ(prefix(row.text).last().to_text(), row.last);
    EXPECT_EQ(prefix(row.text).masked().address.to_text(), row.network);
    EXPECT_EQ(prefix(row.text).masked().length, prefix(row.text).length);
  }
}

TEST(IpPrefix, ContainsTheAddressesOfItsFamilyBetweenItsEnds) {
  const struct {
    std::string prefix;
    std::string address;
    bool inside;
  } table[] = {
      {"172.17.0.2/16", "172.17.0.0", true},
      {"172.17.0.2/16", "172.17.255.255", true},
      {"172.17.0.2/16", "172.16.255.255", false},
      {"172.17.0.2/16", "172.18.0.0", false},
      {"10.0.0.2/31", "10.0.0.3", true},
      {"10.0.0.2/31", "10.0.0.4", false},
      {"10.0.0.2/32", "10.0.0.2", true},
      {"10.0.0.2/32", "10.0.0.3", false},
      {"0.0.0.0/0", "255.1.2.3", true},
      {"0.0.0.0/0", "::", false},
      {"::/0", "0.0.0.0", false},
      {"::/0", "fd00::1", true},
      {"fd00::/127", "fd00::1", true},
      {"fd00::/127", "fd00::2", false},
      {"fd00::1/128", "fd00::1", true},
      {"fd00::1/128", "fd00::", false},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.prefix + " and " + row.address);
    EXPECT_EQ(prefix(row.prefix).contains(ip(row.address)), row.inside);
  }
}

TEST(IpPrefix, OverlapsWhatItContainsAndWhatContainsIt) {
  const struct {
    std::string one;
    std::string other;
    bool overlap;
  } table[] = {
      {"10.0.0.0/8", "10.1.2.3/24", true},
      {"10.0.0.0/24", "10.0.1.0/24", false},
      {"10.0.0.0/24", "10.0.0.7/24", true},
      {"10.0.0.0/24", "10.0.0.9/32", true},
      {"10.0.0.0/32", "10.0.0.1/32", false},
      {"0.0.0.0/0", "192.168.0.0/16", true},
      {"0.0.0.0/0", "::/0", false},
      {"fd00::/64", "fd00::1/128", true},
      {"fd00::/64", "fd00:0:0:1::/64", false},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.one + " and " + row.other);
    EXPECT_EQ(prefix(row.one).overlaps(prefix(row.other)), row.overlap);
    EXPECT_EQ(prefix(row.other).overlaps(prefix(row.one)), row.overlap);
  }
}

TEST(IpPrefix, OfEverythingIsTheDefaultRoute) {
  EXPECT_EQ(default_route(Family::V4).to_text(), "0.0.0.0/0");
  EXPECT_EQ(default_route(Family::V6).to_text(), "::/0");
  EXPECT_TRUE(default_route(Family::V6).is_default());
  EXPECT_FALSE(prefix("0.0.0.0/1").is_default());
}

TEST(IpPrefix, OfOneAddressHasFullLength) {
  EXPECT_EQ(host_prefix(ip("10.0.0.2")).to_text(), "10.0.0.2/32");
  EXPECT_EQ(host_prefix(ip("fd00::2")).to_text(), "fd00::2/128");
}

}  // namespace
}  // namespace netctl

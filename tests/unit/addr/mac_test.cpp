#include "runtime-core/addr/mac.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl {
namespace {

using test::FailsSaying;
using test::Succeeds;

TEST(MacAddress, IsReadAndWrittenInCanonicalForm) {
  const struct {
    std::string input;
    std::string canonical;
  } table[] = {
      {"02:42:ac:11:00:02", "02:42:ac:11:00:02"}, {"02:42:AC:11:00:FE", "02:42:ac:11:00:fe"},
      {"02-42-ac-11-00-02", "02:42:ac:11:00:02"}, {"fe:ff:ff:ff:ff:ff", "fe:ff:ff:ff:ff:ff"},
      {"00:00:00:00:00:00", "00:00:00:00:00:00"},  // what lo has
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.input);
    const auto mac = parse_mac_address(row.input);
    ASSERT_THAT(mac, Succeeds());
    EXPECT_EQ(mac->to_text(), row.canonical);
  }
}

TEST(MacAddress, IsRefusedWithTheReason) {
  const std::string pairs = "expected six pairs of hex digits";
  const std::string colons = "expected \":\" between the pairs";
  const struct {
    std::string input;
    std::string why;
  } table[] = {
      {"", pairs},
      {"02:42:ac:11:00", pairs},
      {"02:42:ac:11:00:02:03", pairs},
      {"2:42:ac:11:00:02", pairs},
      {"02:42:ac:11:00:0g", pairs},
      {"02:42:ac:11:00:-2", pairs},
      {"02:42:ac:11: 0:02", pairs},
      {"0x:42:ac:11:00:02", pairs},
      {"02.42.ac.11.00.02", colons},
      {"02:42-ac:11:00:02", colons},
      {"02 42 ac 11 00 02", colons},
      {"01:00:5e:00:00:01", "it is a multicast address"},
      {"ff:ff:ff:ff:ff:ff", "it is a multicast address"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.input);
    EXPECT_THAT(parse_mac_address(row.input),
                FailsSaying("\"" + row.input + "\" is not a MAC address: " + row.why));
  }
}

TEST(RandomMacAddress, IsLocallyAdministeredAndUnicast) {
  for (int i = 0; i < 64; ++i) {
    const MacAddress mac = random_mac_address();
    SCOPED_TRACE(mac.to_text());
    EXPECT_EQ(mac.bytes[0] & 3, 2);
    EXPECT_THAT(parse_mac_address(mac.to_text()), Succeeds());
  }
}

TEST(RandomMacAddress, IsAnotherOneEachTime) {
  EXPECT_NE(random_mac_address(), random_mac_address());  // equal once in 2^46
}

TEST(MacAddressOf, AnIpv4AddressHoldsIt) {
  const MacAddress mac = mac_address_of(IpAddress::v4(10, 7, 0, 254));
  EXPECT_EQ(mac.to_text(), "0a:58:0a:07:00:fe");
  EXPECT_EQ(mac.bytes[0] & 3, 2);  // locally administered, unicast
}

}  // namespace
}  // namespace netctl

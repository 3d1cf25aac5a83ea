#include "runtime-core/attach/host_ports.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"

namespace netctl::attach {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::uint16_t> free_ports(const std::string& range, const std::string& reserved,
                                      const std::string& seed = "web") {
  return automatic_ports(range, reserved, seed).value();
}

TEST(AutomaticPorts, AreTheKernelsRangeWithoutWhatIsReserved) {
  EXPECT_EQ(free_ports("32768\t60999", "").size(), 60999U - 32768U + 1U);
  EXPECT_THAT(free_ports("40000 40005", "40001,40003-40004"),
              UnorderedElementsAre(40000, 40002, 40005));
  EXPECT_THAT(free_ports("40000 40000", ""), ElementsAre(40000));
  EXPECT_THAT(free_ports("40000 40001", "1-65535"), IsEmpty());
  EXPECT_EQ(free_ports("1 65535", "").size(), 65535U);
}

TEST(AutomaticPorts, BeginAtAPlaceOfTheirOwnForEachSeed) {
  EXPECT_EQ(free_ports("32768 60999", "", "web"), free_ports("32768 60999", "", "web"));
  EXPECT_NE(free_ports("32768 60999", "", "web"), free_ports("32768 60999", "", "db"));
}

TEST(AutomaticPorts, WhatIsNoRangeIsRefused) {
  for (const char* text : {"", "a b", "2 1", "1 70000"}) {
    EXPECT_THAT(automatic_ports(text, "", "web"), test::FailsWith(Errc::InvalidArgument)) << text;
  }
}

TEST(HostPort, ReadsAsPeopleWriteIt) {
  EXPECT_EQ((HostPort{.number = 80}.to_text()), "80/tcp");
  EXPECT_EQ(
      (HostPort{.address = IpAddress::v4(127, 0, 0, 1), .number = 53, .protocol = Protocol::Udp}
           .to_text()),
      "127.0.0.1:53/udp");
}

}  // namespace
}  // namespace netctl::attach

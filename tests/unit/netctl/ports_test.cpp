#include "netctl/ports.hpp"

#include <gtest/gtest.h>

namespace netctl::command {
namespace {

IpAddress address(const char* text) { return parse_ip_address(text).value(); }

TEST(IsOpenToOthers, OnEveryAddressAndOnThoseOfTheHostThatAreNoLoopback) {
  const std::vector<IpAddress> own{address("127.0.0.1"), address("::1"), address("203.0.113.5"),
                                   address("2001:db8::5")};
  EXPECT_TRUE(is_open_to_others(std::nullopt, own));
  for (const char* open : {"203.0.113.5", "2001:db8::5"}) {
    EXPECT_TRUE(is_open_to_others(address(open), own)) << open;
  }
  for (const char* closed : {"127.0.0.1", "127.8.8.8", "::1", "203.0.113.6", "2001:db8::6"}) {
    EXPECT_FALSE(is_open_to_others(address(closed), own)) << closed;
  }
}

}  // namespace
}  // namespace netctl::command

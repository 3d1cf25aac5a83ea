#include "netctl/ports.hpp"

#include <gtest/gtest.h>

#include "tests/support/addresses.hpp"

namespace netctl::command {
namespace {

TEST(IsOpenToOthers, OnEveryAddressAndOnThoseOfTheHostThatAreNoLoopback) {
  const std::vector<IpAddress> own{ip("127.0.0.1"), ip("::1"), ip("203.0.113.5"),
                                   ip("2001:db8::5")};
  EXPECT_TRUE(is_open_to_others(std::nullopt, own));
  for (const char* open : {"203.0.113.5", "2001:db8::5"}) {
    EXPECT_TRUE(is_open_to_others(ip(open), own)) << open;
  }
  for (const char* closed : {"127.0.0.1", "127.8.8.8", "::1", "203.0.113.6", "2001:db8::6"}) {
    EXPECT_FALSE(is_open_to_others(ip(closed), own)) << closed;
  }
}

}  // namespace
}  // namespace netctl::command

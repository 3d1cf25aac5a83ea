#include "runtime-core/addr/if_name.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

TEST(InterfaceName, IsAcceptedWhereTheKernelAcceptsIt) {
  for (const std::string name :
       {"a", "eth0", "eth0.100", "veth-1_2", "...", "-x", "\"", "é", "a\x01z", "fifteen-letters"}) {
    SCOPED_TRACE(name);
    EXPECT_THAT(check_if_name(name), Succeeds());
  }
}

TEST(InterfaceName, IsRefusedWithTheRuleItBreaks) {
  const std::string characters = R"(contains "/", ":", "%" or white space)";
  const struct {
    std::string name;
    std::string why;
  } table[] = {
      {"", "is empty"},
      {"sixteen-letters-", "is longer than 15 bytes"},
      {".", "is a directory"},
      {"..", "is a directory"},
      {"all", "is a directory of /proc/sys/net"},
      {"default", "is a directory of /proc/sys/net"},
      {"a/b", characters},
      {"a:b", characters},
      {"eth%d", characters},
      {"a b", characters},
      {"a\tb", characters},
      {"a\nb", characters},
      {"a\rb", characters},
      {"à", characters},  // 0xc3 0xa0: the kernel takes the second byte for a space
      {std::string("a\0b", 3), characters},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.name);
    EXPECT_THAT(check_if_name(row.name),
                FailsSaying("interface name \"" + row.name + "\" " + row.why));
  }
}

}  // namespace
}  // namespace netctl

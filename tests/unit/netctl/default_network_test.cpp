#include "netctl/default_network.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::command {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::HasSubstr;

std::vector<IpPrefix> prefixes(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> result;
  for (const std::string& text : texts) result.push_back(parse_ip_prefix(text).value());
  return result;
}

TEST(ChooseSubnet, GivesTheFirstThatOverlapsNothing) {
  const struct {
    std::string what;
    std::vector<std::string> taken;
    std::string subnet;
  } table[] = {
      {"nothing is taken", {}, "172.17.0.0/16"},
      {"others are taken", {"10.0.0.0/8", "192.168.0.0/16", "127.0.0.1/8"}, "172.17.0.0/16"},
      {"just below", {"172.16.0.0/16"}, "172.17.0.0/16"},
      {"the same", {"172.17.0.0/16"}, "172.18.0.0/16"},
      {"a host address in it", {"172.17.5.9/16"}, "172.18.0.0/16"},
      {"a single address in it", {"172.17.255.255/32"}, "172.18.0.0/16"},
      {"a part of it", {"172.17.200.0/24"}, "172.18.0.0/16"},
      {"two of them at once", {"172.18.0.0/15", "172.17.0.0/16"}, "172.20.0.0/16"},
      {"the later ones", {"172.24.0.0/13"}, "172.17.0.0/16"},
      {"a gap", {"172.17.0.1/24", "172.19.0.1/24"}, "172.18.0.0/16"},
      {"all but the last",
       {"172.16.0.0/13", "172.24.0.0/14", "172.28.0.0/15", "172.30.0.0/16"},
       "172.31.0.0/16"},
      {"IPv6 is no matter", {"fd00::/8", "::/0"}, "172.17.0.0/16"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    const auto subnet = choose_subnet(prefixes(row.taken));
    ASSERT_THAT(subnet, Succeeds());
    EXPECT_EQ(subnet->to_text(), row.subnet);
  }
}

TEST(ChooseSubnet, SaysWhatToDoWhenAllAreTaken) {
  for (const std::string taken : {"172.16.0.0/12", "172.0.0.0/8", "128.0.0.0/1"}) {
    SCOPED_TRACE(taken);
    const auto subnet = choose_subnet(prefixes({taken}));
    EXPECT_THAT(subnet, FailsWith(Errc::Exhausted));
    EXPECT_THAT(subnet, FailsSaying(HasSubstr("write a network config with a subnet")));
  }
}

}  // namespace
}  // namespace netctl::command

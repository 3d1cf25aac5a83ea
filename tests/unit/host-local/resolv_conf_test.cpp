#include "ipam/host-local/resolv_conf.hpp"

#include <gtest/gtest.h>

namespace netctl::host_local {
namespace {

TEST(ResolvConfTest, EachKeywordIsReadAsTheResolverReadsIt) {
  struct Case {
    const char* text;
    cni::Dns dns;
  };
  const Case cases[] = {
      {"", {}},
      {"nameserver 10.0.0.1\nnameserver\t10.0.0.2 ignored\n",
       {.nameservers = {"10.0.0.1", "10.0.0.2"}}},
      {"domain a.example\ndomain b.example", {.domain = "b.example"}},
      {"search a.example b.example\nsearch c.example\r\n",
       {.search = {"a.example", "b.example", "c.example"}}},
      {"options ndots:2 rotate\noptions timeout:1\n",
       {.options = {"ndots:2", "rotate", "timeout:1"}}},
      {"# nameserver 1.1.1.1\n; nameserver 2.2.2.2\n\n   \n  nameserver 3.3.3.3",
       {.nameservers = {"3.3.3.3"}}},
      {"nameserver\nunknown word\n", {}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.text);
    EXPECT_EQ(parse_resolv_conf(row.text), row.dns);
  }
}

}  // namespace
}  // namespace netctl::host_local

#include "runtime-core/cni/wishes.hpp"

#include <gmock/gmock.h>

#include "tests/support/request.hpp"

namespace netctl::cni {
namespace {

// The wishes by name, in their order; "" when there are none.
std::string wishes(const std::string& more, const std::string& args = "") {
  const Request request = test::add_request(more, args);
  const Wishes found = wishes_of(request);
  std::string names;
  for (const auto& [wished, name] : {std::pair(found.ports, "ports "),
                                     {found.dns, "dns "},
                                     {found.mac, "mac "},
                                     {found.ips, "ips "},
                                     {found.aliases, "aliases "}}) {
    if (wished) names += name;
  }
  return names;
}

TEST(Wishes, AreFoundInEachOfTheirPlaces) {
  EXPECT_EQ(wishes(R"("runtimeConfig": {"portMappings": [{"hostPort": 80}]})"), "ports ");
  EXPECT_EQ(wishes(R"("runtimeConfig": {"dns": {"servers": ["10.0.0.1"]}})"), "dns ");
  EXPECT_EQ(wishes(R"("dns": {"nameservers": ["10.0.0.1"]})"), "dns ");
  EXPECT_EQ(wishes(R"("runtimeConfig": {"mac": "02:00:00:00:00:01"})"), "mac ");
  EXPECT_EQ(wishes(R"("args": {"cni": {"mac": "02:00:00:00:00:01"}})"), "mac ");
  EXPECT_EQ(wishes("", "IgnoreUnknown=1;MAC=02:00:00:00:00:01"), "mac ");
  EXPECT_EQ(wishes(R"("runtimeConfig": {"ips": ["10.0.0.2/24"]})"), "ips ");
  EXPECT_EQ(wishes(R"("args": {"cni": {"ips": ["10.0.0.2"]}})"), "ips ");
  EXPECT_EQ(wishes("", "IP=10.0.0.2"), "ips ");
  EXPECT_EQ(wishes(R"("runtimeConfig": {"aliases": ["db"]})"), "aliases ");
}

TEST(Wishes, NothingIsAskedForByWhatIsEmptyOrAbsent) {
  EXPECT_EQ(wishes(""), "");
  EXPECT_EQ(wishes(R"("runtimeConfig": {"portMappings": [], "dns": {}, "mac": "", "ips": null})"),
            "");
  EXPECT_EQ(wishes(R"("runtimeConfig": [], "args": "text", "dns": {})"), "");
  EXPECT_EQ(wishes("", "IP=;K8S_POD_NAME=MAC=1;XMAC=2"), "");
}

}  // namespace
}  // namespace netctl::cni

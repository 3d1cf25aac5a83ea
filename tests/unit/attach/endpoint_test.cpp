#include "runtime-core/attach/endpoint.hpp"

#include <gmock/gmock.h>

namespace netctl::attach {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

cni::Ip ip_of(const char* address, const char* gateway = nullptr) {
  cni::Ip result{.address = parse_ip_prefix(address).value()};
  if (gateway) result.gateway = parse_ip_address(gateway).value();
  return result;
}

// "10.9.0.0/24 via 10.9.0.1 src 10.9.0.2 scope 0".
std::string text_of(const rtnl::Route& route) {
  std::string text = route.destination.to_text();
  if (route.gateway) text += " via " + route.gateway->to_text();
  if (route.source) text += " src " + route.source->to_text();
  return format("{} scope {}", text, route.scope);
}

std::vector<std::string> gateway_routes_of(const std::vector<cni::Ip>& ips) {
  std::vector<std::string> texts;
  for (const rtnl::Route& route : gateway_routes(7, ips)) {
    EXPECT_EQ(route.link, 7);
    texts.push_back(text_of(route));
  }
  return texts;
}

TEST(GatewayRoutes, LeadToTheGatewayAndThroughItToTheRestOfTheNetwork) {
  EXPECT_THAT(gateway_routes_of({ip_of("10.9.0.2/24", "10.9.0.1"), ip_of("fd09::2/64", "fd09::1")}),
              ElementsAre("10.9.0.1/32 src 10.9.0.2 scope 253",
                          "10.9.0.0/24 via 10.9.0.1 src 10.9.0.2 scope 0",
                          "fd09::1/128 src fd09::2 scope 253",
                          "fd09::/64 via fd09::1 src fd09::2 scope 0"));
}

TEST(GatewayRoutes, ANetworkOfOneAddressHasNoRest) {
  EXPECT_THAT(gateway_routes_of({ip_of("10.9.0.2/32", "169.254.1.1")}),
              ElementsAre("169.254.1.1/32 src 10.9.0.2 scope 253"));
}

TEST(GatewayRoutes, WithoutAGatewayThereAreNone) {
  EXPECT_THAT(gateway_routes_of({ip_of("10.9.0.2/24")}), IsEmpty());
}

TEST(RouteThrough, WithoutAGatewayOfItsOwnTakesTheFirstOfItsFamily) {
  const std::vector<cni::Ip> ips = {ip_of("10.8.0.2/24"), ip_of("fd09::2/64", "fd09::1"),
                                    ip_of("10.9.0.2/24", "10.9.0.1"),
                                    ip_of("10.7.0.2/24", "10.7.0.1")};
  const auto through = [&](const char* destination, const char* gateway = nullptr) {
    cni::Route route{.destination = parse_ip_prefix(destination).value()};
    if (gateway) route.gateway = parse_ip_address(gateway).value();
    return text_of(route_through(7, route, ips));
  };
  EXPECT_EQ(through("0.0.0.0/0"), "0.0.0.0/0 via 10.9.0.1 scope 0");
  EXPECT_EQ(through("::/0"), "::/0 via fd09::1 scope 0");
  EXPECT_EQ(through("10.1.0.0/16", "10.8.0.9"), "10.1.0.0/16 via 10.8.0.9 scope 0");
}

}  // namespace
}  // namespace netctl::attach

#include <linux/rtnetlink.h>

#include <cerrno>

#include "tests/system/rtnl/rtnl_host.hpp"

namespace netctl::rtnl {
namespace {

class Routes : public RtnlHost {
 protected:
  void SetUp() override {
    RtnlHost::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    br0_ = bridge("br0", {"10.0.0.2/24", "fd00::2/64"});
    br1_ = bridge("br1", {"10.1.0.2/24", "fd01::2/64"});
  }

  Status add(const Route& route) {
    Batch batch;
    batch.add_route(route);
    return apply(batch);
  }

  std::vector<std::string> destinations(Family family, std::uint32_t table = 254, int link = 0) {
    std::vector<std::string> all;
    for (const Route& route : host().routes(family, table, link).value()) {
      all.push_back(route.destination.to_text());
    }
    return all;
  }

  int br0_ = 0;
  int br1_ = 0;
};

TEST_F(Routes, ADefaultRouteIsThereAsItWasAdded) {
  const Route four{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.0.0.1"), .link = br0_};
  Route six{.destination = prefix("::/0"), .gateway = ip("fd00::1"), .link = br0_};
  ASSERT_THAT(add(four), Succeeds());
  ASSERT_THAT(add(six), Succeeds());

  EXPECT_THAT(host().routes(Family::V4).value(), Contains(four));
  six.metric = 1024;  // the kernel's default for IPv6
  EXPECT_THAT(host().routes(Family::V6).value(), Contains(six));
}

TEST_F(Routes, TheKernelFindsTheLinkOfAGateway) {
  ASSERT_THAT(add({.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.0.1")}), Succeeds());
  EXPECT_EQ(host().route_to(ip("192.0.2.1"))->link, br1_);
}

TEST_F(Routes, MetricsSourceScopeAndTableAreKept) {
  const Route routes[] = {
      {.destination = prefix("10.2.0.0/16"),
       .source = ip("10.0.0.2"),
       .link = br0_,
       .metric = 7,
       .table = 1000,
       .scope = RT_SCOPE_LINK,
       .protocol = RTPROT_STATIC,
       .mtu = 1400,
       .advmss = 1360},
      {.destination = prefix("fd02::/64"),
       .gateway = ip("fd00::1"),
       .link = br0_,
       .metric = 7,
       .table = 100,
       .mtu = 1400,
       .advmss = 1360},
      {.destination = prefix("10.3.0.0/16"), .gateway = ip("fd00::1"), .link = br0_},
  };
  for (const Route& route : routes) {
    SCOPED_TRACE(route.destination.to_text());
    ASSERT_THAT(add(route), Succeeds());
    EXPECT_THAT(host().routes(route.destination.address.family(), route.table).value(),
                Contains(route));
  }
}

TEST_F(Routes, TheyAreFilteredByTableAndLink) {
  ASSERT_THAT(add({.destination = prefix("10.2.0.0/16"), .link = br0_, .table = 1000}), Succeeds());
  ASSERT_THAT(add({.destination = prefix("10.3.0.0/16"), .link = br1_}), Succeeds());
  ASSERT_THAT(add({.destination = prefix("fd03::/64"), .link = br1_, .table = 1000}), Succeeds());

  using testing::UnorderedElementsAre;
  EXPECT_THAT(destinations(Family::V4),
              UnorderedElementsAre("10.0.0.0/24", "10.1.0.0/24", "10.3.0.0/16"));
  EXPECT_THAT(destinations(Family::V4, 1000), UnorderedElementsAre("10.2.0.0/16"));
  EXPECT_THAT(destinations(Family::V4, 254, br1_),
              UnorderedElementsAre("10.1.0.0/24", "10.3.0.0/16"));
  EXPECT_THAT(destinations(Family::V4, 0, br0_),
              UnorderedElementsAre("10.0.0.0/24", "10.2.0.0/16"));
  EXPECT_THAT(destinations(Family::V6, 1000), UnorderedElementsAre("fd03::/64"));
  EXPECT_THAT(destinations(Family::V6, 254, br0_), Contains("fd00::/64"));
  EXPECT_THAT(destinations(Family::V6, 254, br0_), testing::Not(Contains("fd01::/64")));
}

TEST_F(Routes, ATableWithoutRoutesIsEmpty) {
  EXPECT_THAT(destinations(Family::V4, 4711), IsEmpty());
  EXPECT_THAT(destinations(Family::V6, 4711), IsEmpty());
  OtherNamespace fresh = OtherNamespace::make();
  for (const Family family : {Family::V4, Family::V6}) {
    const auto routes = fresh.socket->routes(family);
    ASSERT_THAT(routes, Succeeds());
    EXPECT_THAT(*routes, IsEmpty());
  }
}

TEST_F(Routes, OneThatIsThereIsRefusedUnlessThatIsFine) {
  const Route route{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.0.0.1")};
  ASSERT_THAT(add(route), Succeeds());
  Batch fine;
  fine.add_route(route, EEXIST);

  EXPECT_THAT(add(route), FailsWith(Errc::Exists));
  EXPECT_THAT(add(route), FailsSaying(HasSubstr("add route 0.0.0.0/0 via 10.0.0.1: File exists")));
  EXPECT_THAT(apply(fine), Succeeds());
}

TEST_F(Routes, AGatewayThatIsOutOfReachIsRefusedInTheKernelsWords) {
  EXPECT_THAT(add({.destination = prefix("0.0.0.0/0"), .gateway = ip("192.0.2.1")}),
              FailsSaying(testing::MatchesRegex("add route .* via 192.0.2.1: .+ \\(.+\\)")));
}

TEST_F(Routes, OneThatIsGoneAlreadyIsDeleted) {
  const Route four{.destination = prefix("10.2.0.0/16"), .gateway = ip("10.0.0.1"), .link = br0_};
  const Route six{.destination = prefix("fd02::/64"), .gateway = ip("fd00::1"), .link = br0_};
  ASSERT_THAT(add(four), Succeeds());
  ASSERT_THAT(add(six), Succeeds());
  Batch batch;
  batch.delete_route(four).delete_route(six).delete_route(four).delete_route(six);
  batch.delete_route({.destination = prefix("10.9.0.0/16"), .link = 4711});
  batch.delete_route({.destination = prefix("fd09::/64"), .link = 4711});

  EXPECT_THAT(apply(batch), Succeeds());
  EXPECT_THAT(destinations(Family::V4), testing::Not(Contains("10.2.0.0/16")));
  EXPECT_THAT(destinations(Family::V6), testing::Not(Contains("fd02::/64")));
}

TEST_F(Routes, ARouteThatWasReadCanBeDeleted) {
  ASSERT_THAT(add({.destination = prefix("10.2.0.0/16"), .gateway = ip("10.0.0.1"), .mtu = 1400}),
              Succeeds());
  Batch batch;
  for (const Route& route : host().routes(Family::V4).value()) batch.delete_route(route);
  EXPECT_THAT(apply(batch), Succeeds());
  EXPECT_THAT(destinations(Family::V4), IsEmpty());
}

TEST_F(Routes, ThePathOfAPacketHasGatewayLinkAndSource) {
  ASSERT_THAT(add({.destination = prefix("0.0.0.0/0"), .gateway = ip("10.0.0.1")}), Succeeds());
  ASSERT_THAT(add({.destination = prefix("::/0"), .gateway = ip("fd00::1")}), Succeeds());

  const auto four = host().route_to(ip("192.0.2.1"));
  const auto six = host().route_to(ip("2001:db8::1"));
  ASSERT_THAT(four, Succeeds());
  ASSERT_THAT(six, Succeeds());
  EXPECT_EQ(four->gateway, ip("10.0.0.1"));
  EXPECT_EQ(four->source, ip("10.0.0.2"));
  EXPECT_EQ(four->link, br0_);
  EXPECT_EQ(six->gateway, ip("fd00::1"));
  EXPECT_EQ(six->link, br0_);
  EXPECT_EQ(six->source, ip("fd00::2"));
}

TEST_F(Routes, ThePathToAnAddressOfTheHostIsLocal) {
  const auto route = host().route_to(ip("10.0.0.2"));
  ASSERT_THAT(route, Succeeds());
  EXPECT_EQ(route->type, RTN_LOCAL);
  EXPECT_EQ(route->source, ip("10.0.0.2"));
}

TEST_F(Routes, NoRouteIsNotFound) {
  EXPECT_THAT(host().route_to(ip("192.0.2.1")), FailsWith(Errc::NotFound));
  EXPECT_THAT(host().route_to(ip("2001:db8::1")), FailsWith(Errc::NotFound));
  EXPECT_THAT(host().route_to(ip("192.0.2.1")), FailsSaying(HasSubstr("192.0.2.1")));
}

TEST_F(Routes, ARouteOfTypeUnreachableIsNotFoundToo) {
  for (const char* destination : {"192.0.2.0/24", "2001:db8::/64"}) {
    SCOPED_TRACE(destination);
    ASSERT_THAT(add({.destination = prefix(destination), .type = RTN_UNREACHABLE}), Succeeds());
    EXPECT_THAT(host().route_to(prefix(destination).address.next()), FailsWith(Errc::NotFound));
  }
}

TEST_F(Routes, WhetherTheHostForwardsIsToldOfEachFamily) {
  for (const bool forwards : {true, false}) {
    SCOPED_TRACE(forwards);
    std::ofstream("/proc/sys/net/ipv4/ip_forward") << forwards;
    std::ofstream("/proc/sys/net/ipv6/conf/all/forwarding") << !forwards;
    EXPECT_EQ(host().forwards(Family::V4).value(), forwards);
    EXPECT_EQ(host().forwards(Family::V6).value(), !forwards);
  }
}

}  // namespace
}  // namespace netctl::rtnl

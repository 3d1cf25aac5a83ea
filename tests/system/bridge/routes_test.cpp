// A container on several networks: which default route is in force, and what becomes of it; and the
// attributes of routes that an IPAM plugin asks for.
#include <sstream>
#include <thread>

#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class BridgeRoutes : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
  }

  // Network `number`: bridge cni<number>, 10.<number>.0.0/24 and fd0<number>::/64. `more` are
  // members of the config, each with a comma behind it.
  static std::string network(int number, const std::string& more = "") {
    return format(R"({{"cniVersion": "1.1.0", "name": "net{0}", "type": "bridge",
      "bridge": "cni{0}", {1} "ipam": {{"type": "host-local",
      "ranges": [[{{"subnet": "10.{0}.0.0/24"}}], [{{"subnet": "fd0{0}::/64"}}]]}}}})",
                  number, more);
  }
  static std::string gateway(int number, const std::string& more = "") {
    return network(number, R"("isDefaultGateway": true, )" + more);
  }
  static std::string priority(int value) { return format("\"gatewayPriority\": {},", value); }

  static Target eth(int number) {
    return {.container = "c1", .netns = "web", .ifname = format("eth{}", number)};
  }

  std::string routes(const std::string& what) {
    return run_in("web", "ip " + what).out + run_in("web", "ip " + what).err;
  }
  // The gateway that packets to elsewhere take.
  std::string way_out(const std::string& to) {
    const std::string out = run_in("web", "ip route get " + to).out;
    const auto via = out.find("via ");
    return via == std::string::npos ? "" : out.substr(via + 4, out.find(' ', via + 4) - via - 4);
  }
  std::vector<std::string> ways_out() { return {way_out("192.0.2.1"), way_out("2001:db8::1")}; }
};

TEST_F(BridgeRoutes, TheFirstNetworksGatewayStaysInForceAndTheOthersStandBehind) {
  add("bridge", eth(1), gateway(1));
  const std::string second = add("bridge", eth(2), gateway(2));
  const std::string third = add("bridge", eth(3), gateway(3));

  EXPECT_THAT(ways_out(), ElementsAre("10.1.0.1", "fd01::1"));
  EXPECT_THAT(routes("route"), AllOf(HasSubstr("default via 10.1.0.1 dev eth1 \n"),
                                     HasSubstr("default via 10.2.0.1 dev eth2 metric 1024"),
                                     HasSubstr("default via 10.3.0.1 dev eth3 metric 1025")));
  EXPECT_THAT(second, AllOf(HasSubstr("\"priority\": 1024"), HasSubstr("\"priority\": 1025")));
  EXPECT_THAT(third, AllOf(HasSubstr("\"priority\": 1025"), HasSubstr("\"priority\": 1026")));
}

TEST_F(BridgeRoutes, TheOnlyNetworksDefaultRouteHasNoMetric) {
  EXPECT_THAT(add("bridge", eth(1), gateway(1)), Not(HasSubstr("priority")));
}

TEST_F(BridgeRoutes, WhenTheNetworkInForceGoesTheNextOneIsInForceByItself) {
  add("bridge", eth(1), gateway(1));
  add("bridge", eth(2), gateway(2));

  EXPECT_THAT(call("bridge", "DEL", eth(1), gateway(1)), IsSilentSuccess());

  EXPECT_THAT(ways_out(), ElementsAre("10.2.0.1", "fd02::1"));
}

TEST_F(BridgeRoutes, AHigherGatewayPriorityWinsInWhateverOrderTheyCome) {
  add("bridge", eth(2), gateway(2, priority(20)));
  add("bridge", eth(1), gateway(1, priority(10)));
  EXPECT_THAT(ways_out(), ElementsAre("10.2.0.1", "fd02::1"));

  add("bridge", eth(3), gateway(3, priority(30)));
  EXPECT_THAT(ways_out(), ElementsAre("10.3.0.1", "fd03::1"));
}

TEST_F(BridgeRoutes, ANetworkWithoutPriorityGivesWayToOneThatHasMoreThanZero) {
  const std::string first = add("bridge", eth(1), gateway(1));
  add("bridge", eth(2), gateway(2, priority(1)));

  EXPECT_THAT(ways_out(), ElementsAre("10.2.0.1", "fd02::1"));
  EXPECT_THAT(call("bridge", "CHECK", eth(1), with_member(gateway(1), "prevResult", first)),
              IsSilentSuccess());
  EXPECT_THAT(call("bridge", "DEL", eth(2), gateway(2)), IsSilentSuccess());
  EXPECT_THAT(ways_out(), ElementsAre("10.1.0.1", "fd01::1"));
}

TEST_F(BridgeRoutes, AnAddThatFailsPutsTheRouteThatGaveWayBack) {
  add("bridge", eth(1), gateway(1));
  const std::string before = routes("route");
  // A gateway that nothing leads to: the kernel refuses the route when all else is done.
  std::string config = gateway(2, priority(1));
  config.insert(config.find("\"ranges\""),
                R"("routes": [{"dst": "10.99.0.0/16", "gw": "10.98.0.1"}],)");

  EXPECT_THAT(call("bridge", "ADD", eth(2), config), Refuses(999, HasSubstr("10.98.0.1")));

  EXPECT_EQ(routes("route"), before);
}

TEST_F(BridgeRoutes, OfNetworksThatComeAtOnceEachGetsAPlaceOfItsOwn) {
  std::vector<std::thread> runtime;
  for (int number = 1; number <= 5; ++number) {
    runtime.emplace_back([this, number] { add("bridge", eth(number), gateway(number)); });
  }
  for (std::thread& call : runtime) call.join();

  for (const char* family : {"-4", "-6"}) {
    std::istringstream list(routes(format("{} route show default", family)));
    int count = 0;
    for (std::string line; std::getline(list, line);) ++count;
    EXPECT_EQ(count, 5) << list.str();
  }
}

TEST_F(BridgeRoutes, ThePriorityMayBeThisContainersAlone) {
  add("bridge", eth(1), gateway(1));
  add("bridge", eth(2), gateway(2, R"("args": {"cni": {"gatewayPriority": 5}},)"));

  EXPECT_THAT(ways_out(), ElementsAre("10.2.0.1", "fd02::1"));
}

TEST_F(BridgeRoutes, NoDefaultRouteIsMadeWhereNoneIsWanted) {
  std::string config = network(1, R"("isGateway": true, "noDefaultRoute": true,)");
  config.insert(config.find("\"ranges\""),
                R"("routes": [{"dst": "0.0.0.0/0"}, {"dst": "10.99.0.0/16"}],)");

  EXPECT_THAT(add("bridge", eth(1), config), Not(HasSubstr("0.0.0.0/0")));

  EXPECT_THAT(routes("route"),
              AllOf(Not(HasSubstr("default")), HasSubstr("10.99.0.0/16 via 10.1.0.1")));
}

TEST_F(BridgeRoutes, AContainerMayBeOnOneNetworkTwice) {
  const std::string one = add("bridge", eth(1), gateway(1));
  const std::string two = add("bridge", eth(2), gateway(1));
  EXPECT_THAT(call("bridge", "CHECK", eth(1), with_member(gateway(1), "prevResult", one)),
              IsSilentSuccess());
  EXPECT_THAT(call("bridge", "CHECK", eth(2), with_member(gateway(1), "prevResult", two)),
              IsSilentSuccess());

  EXPECT_THAT(call("bridge", "DEL", eth(1), gateway(1)), IsSilentSuccess());

  Server server("", 80);
  EXPECT_EQ(ask("web", "10.1.0.1", 80, server), "10.1.0.3");
  EXPECT_EQ(ask("web", "fd01::1", 80, server), "fd01::3");
}

TEST_F(BridgeRoutes, RoutesTwiceAreHarmless) {
  std::string config = gateway(1);
  config.insert(config.find("\"ranges\""),
                R"("routes": [{"dst": "0.0.0.0/0"}, {"dst": "0.0.0.0/0"}, {"dst": "10.1.0.0/24"},
                              {"dst": "::/0", "gw": "fd01::1"}, {"dst": "::/0", "gw": "fd01::1"}],)");

  add("bridge", eth(1), config);

  EXPECT_THAT(ways_out(), ElementsAre("10.1.0.1", "fd01::1"));
  // A neighbour is reached directly, whatever the IPAM plugin says.
  EXPECT_THAT(way_out("10.1.0.77"), IsEmpty());
}

class RouteAttributes : public BridgeRoutes {
 protected:
  static std::string with_routes() {
    std::string config = network(1, R"("isGateway": true,)");
    config.insert(config.find("\"ranges\""), R"("routes": [
      {"dst": "10.99.0.0/16", "mtu": 1280, "advmss": 1200, "priority": 77},
      {"dst": "10.98.0.0/16", "table": 1234},
      {"dst": "10.97.0.0/16", "scope": 253},
      {"dst": "fd99::/64", "mtu": 1300, "priority": 55}],)");
    return config;
  }
};

TEST_F(RouteAttributes, AreThoseThatTheIpamPluginAskedFor) {
  const std::string result = add("bridge", eth(1), with_routes());

  EXPECT_THAT(routes("route show 10.99.0.0/16"),
              HasSubstr("via 10.1.0.1 dev eth1 metric 77 mtu 1280 advmss 1200"));
  EXPECT_THAT(routes("route show table 1234"), HasSubstr("10.98.0.0/16 via 10.1.0.1 dev eth1"));
  EXPECT_THAT(routes("route show 10.97.0.0/16"), HasSubstr("dev eth1 scope link"));
  EXPECT_THAT(routes("-6 route show fd99::/64"),
              AllOf(HasSubstr("via fd01::1 dev eth1 metric 55"), HasSubstr("mtu 1300")));
  EXPECT_THAT(call("bridge", "CHECK", eth(1), with_member(with_routes(), "prevResult", result)),
              IsSilentSuccess());
}

TEST_F(RouteAttributes, AreComparedByCheck) {
  const std::string result = add("bridge", eth(1), with_routes());
  for (const char* change :
       {"route change 10.99.0.0/16 via 10.1.0.1 metric 77 mtu 1290 advmss 1200",
        "route flush table 1234", "-6 route change fd99::/64 via fd01::1 metric 55 mtu 1400"}) {
    ASSERT_EQ(run_in("web", format("ip {}", change)).exit_status, 0) << change;
  }

  EXPECT_THAT(call("bridge", "CHECK", eth(1), with_member(with_routes(), "prevResult", result)),
              Refuses(999, AllOf(HasSubstr("3 differences"),
                                 HasSubstr("no route to 10.99.0.0/16, metric 77, mtu 1280"),
                                 HasSubstr("no route to 10.98.0.0/16, table 1234"),
                                 HasSubstr("no route to fd99::/64, metric 55, mtu 1300"))));
}

}  // namespace
}  // namespace netctl::test

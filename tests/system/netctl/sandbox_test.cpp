// Docker's three objects: networks, endpoints and the sandbox that holds them.
#include <gmock/gmock.h>

#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Sandbox : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
  }
};

TEST_F(Sandbox, InspectShowsEverythingInANamespaceAndWhoseItIs) {
  sure("netctl add bridge web");
  sure("ip -n web link add extra type veth peer name other");
  sure("ip -n web neigh add 172.17.0.99 lladdr 02:00:00:00:00:63 dev eth0 nud permanent");
  sure("ip -n web route add 10.9.0.0/16 via 172.17.0.1 table 77");

  const std::string text = sure("netctl sandbox inspect web");

  EXPECT_THAT(text, HasSubstr("Endpoints:   bridge/eth0"));
  EXPECT_THAT(
      text, ContainsRegex("eth0 +veth +up +1500 +[0-9a-f:]{17} +172.17.0.2/16.* bridge +cnitool-"));
  EXPECT_THAT(text, ContainsRegex("extra +veth +down"));
  EXPECT_THAT(text, ContainsRegex("default +172.17.0.1 +eth0 .*main"));
  EXPECT_THAT(text, ContainsRegex("10.9.0.0/16 +172.17.0.1 +eth0 .*77"));
  EXPECT_THAT(text, ContainsRegex("172.17.0.99 +02:00:00:00:00:63 +eth0 +permanent"));
  EXPECT_THAT(text, ContainsRegex("net.ipv4.ip_forward +[01]"));
  EXPECT_THAT(sure("netctl sandbox inspect web -o json"),
              AllOf(HasSubstr("\"neighbour\": \"172.17.0.99\""), HasSubstr("\"interfaces\": [")));
  EXPECT_EQ(sure("netctl sandbox inspect web --format {{.Endpoints}}"), "bridge/eth0");
  EXPECT_THAT(run("netctl sandbox inspect nobody").err, HasSubstr("netctl ns add nobody"));
}

TEST_F(Sandbox, LsShowsNamespacesAndTheirEndpoints) {
  sure("netctl ns add idle");
  sure("netctl add bridge web");
  const std::string text = sure("netctl sandbox ls");
  EXPECT_THAT(text, ContainsRegex("web +eth0 +172.17.0.2/16.* bridge/eth0"));
  EXPECT_THAT(text, ContainsRegex("\nidle"));
  EXPECT_EQ(sure("netctl sandbox ls -q"), "idle\nweb");
}

TEST_F(Sandbox, ConnectTakesTheNextInterfaceAndDisconnectFindsIt) {
  sure("netctl network create back --internal --subnet 10.5.0.0/24");
  sure("netctl ns add db");
  sure("netctl add back db");
  const std::string before = host_state();
  sure("netctl add bridge web");

  EXPECT_THAT(
      sure("netctl network connect back web --ip 10.5.0.77 --mac-address 02:00:00:00:00:07"),
      HasSubstr("web eth1: 10.5.0.77/24"));

  Server server("db", 80);
  EXPECT_EQ(ask("web", "10.5.0.2", 80, server), "10.5.0.77");
  EXPECT_EQ(sure("netctl sandbox inspect web --format {{.Endpoints}}"), "back/eth1, bridge/eth0");
  sure("netctl network disconnect back web");
  EXPECT_EQ(sure("netctl sandbox inspect web --format {{.Endpoints}}"), "bridge/eth0");
  EXPECT_EQ(run("netctl network disconnect back web").exit_status, 1);
  sure("netctl network disconnect -f back web");
  sure("netctl del bridge web");
  EXPECT_EQ(host_state(), before);
}

}  // namespace
}  // namespace netctl::test

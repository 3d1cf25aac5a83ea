// Networks from config files, and the subnet of the one that needs none.
#include <gmock/gmock.h>

#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

class Networks : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
  }
};

TEST_F(Networks, TheDefaultSubnetKeepsClearOfRoutesAndAddresses) {
  connect_machine("lan", "lan0", "172.17.99.1/24", "172.17.99.2/24");
  sure("ip route add 172.18.4.0/22 via 172.17.99.2");

  sure("netctl add bridge web");

  EXPECT_EQ(address_in("web", "eth0"), "172.19.0.2");
  EXPECT_EQ(address_in("", "netctl0"), "172.19.0.1");
}

TEST_F(Networks, TheDefaultSubnetStaysWhileTheBridgeIsInUse) {
  sure("netctl add bridge web");
  sure("netctl ns add late");
  connect_machine("lan", "lan0", "172.18.0.9/24", "172.18.0.8/24");

  sure("netctl add bridge late");

  EXPECT_EQ(address_in("late", "eth0"), "172.17.0.3");
}

TEST_F(Networks, ConfigFilesAreUsedAndABrokenOneHidesNothing) {
  write_network("00-broken.conflist", "{ not json");
  write_network("20-pods.conflist", R"({"cniVersion": "0.4.0", "name": "pods", "plugins": [
      {"type": "bridge", "bridge": "cni7", "isDefaultGateway": true, "ipMasq": true,
       "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}},
      {"type": "portmap", "capabilities": {"portMappings": true}}]})");
  const std::string before = host_state();

  const auto added = run("netctl add pods web -p 8080:80");

  EXPECT_EQ(added.exit_status, 0) << added.err;
  EXPECT_THAT(added.err, HasSubstr("00-broken.conflist"));
  EXPECT_EQ(address_in("web", "eth0"), "10.7.0.2");
  Server server("web", 80);
  EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "10.7.0.1");
  EXPECT_EQ(run("netctl check pods web").exit_status, 0);
  EXPECT_EQ(run("netctl del pods web").exit_status, 0);
  EXPECT_EQ(host_state(), before);
}

TEST_F(Networks, ASinglePluginFileIsANetworkToo) {
  write_network("30-one.conf", R"({"cniVersion": "0.3.1", "name": "one", "type": "bridge",
      "bridge": "cni8", "isGateway": true, "ipam": {"type": "host-local", "subnet": "10.8.0.0/24"}})");

  sure("netctl add one web");

  EXPECT_EQ(address_in("web", "eth0"), "10.8.0.2");
  EXPECT_EQ(run_in("web", "ip route show default").out, "");
}

TEST_F(Networks, DualStackWorksAtOnceAndByEitherFamily) {
  write_network("40-dual.conflist", R"({"cniVersion": "1.0.0", "name": "dual", "plugins": [
      {"type": "bridge", "bridge": "cni9", "isDefaultGateway": true, "ipMasq": true,
       "hairpinMode": true, "ipam": {"type": "host-local",
         "ranges": [[{"subnet": "10.9.0.0/24"}], [{"subnet": "fd00:9::/64"}]]}},
      {"type": "portmap", "capabilities": {"portMappings": true}}]})");
  connect_machine("lan", "lan0", "2001:db8::1/64", "2001:db8::2/64");
  sure("netctl ns add client");
  sure("sysctl -qw net.ipv6.conf.all.forwarding=1");  // it stays on, and shows in the routes
  const std::string before = host_state();
  sure("netctl add dual web -p 8080:80");
  sure("netctl add dual client");
  Server server("web", 80);
  Server outside("lan", 7000);

  EXPECT_EQ(ask("client", "10.9.0.2", 80, server), "10.9.0.3");
  EXPECT_EQ(ask("client", "fd00:9::2", 80, server), "fd00:9::3");
  EXPECT_EQ(ask("lan", "2001:db8::1", 8080, server), "2001:db8::2");
  EXPECT_EQ(ask("client", "fd00:9::1", 8080, server), "fd00:9::1");
  EXPECT_EQ(ask("web", "fd00:9::1", 8080, server), "fd00:9::1");
  EXPECT_EQ(ask("", "fd00:9::1", 8080, server), "fd00:9::1");
  EXPECT_EQ(ask("web", "2001:db8::2", 7000, outside), "2001:db8::1");
  EXPECT_EQ(run("netctl check dual web").exit_status, 0);

  sure("netctl del dual web");
  sure("netctl del dual client");
  EXPECT_EQ(host_state(), before);
}

TEST_F(Networks, CheckTellsAllDifferencesAtOnce) {
  sure("netctl add bridge web -p 8080:80");
  EXPECT_EQ(run("netctl check bridge web").exit_status, 0);

  sure("ip -n web addr del 172.17.0.2/16 dev eth0");
  sure("nft flush map inet netctl masquerade4");
  const auto checked = run("netctl check bridge web");

  EXPECT_EQ(checked.exit_status, 1);
  EXPECT_THAT(checked.err, HasSubstr("eth0 does not have the address 172.17.0.2/16"));
  EXPECT_THAT(checked.err, HasSubstr("no route to 0.0.0.0/0"));
  EXPECT_THAT(checked.err, HasSubstr("masquerade4 { 172.17.0.2 } is missing"));
}

}  // namespace
}  // namespace netctl::test

// The bridge and its ports as devices: MTU, MAC address, multicast, isolation.
#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

std::string device_config(const std::string& more) {
  return format(R"({{"cniVersion": "1.1.0", "name": "net", "type": "bridge", "bridge": "cni7", {}
    "isGateway": true, "ipam": {{"type": "host-local",
    "ranges": [[{{"subnet": "10.7.0.0/24"}}], [{{"subnet": "fd07::/64"}}]]}}}})",
                more);
}

constexpr char kIpv4Alone[] = R"({"cniVersion": "1.1.0", "name": "net", "type": "bridge",
  "bridge": "cni7", "isGateway": true, "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}})";

class BridgeDevices : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    for (const char* name : {"web", "db"}) sure(format("netctl ns add {}", name));
  }

  static Target in(const std::string& ns) { return {.container = ns, .netns = ns}; }
  std::string link(const std::string& name) { return run("ip link show " + name).out; }
  std::string mac_of(const std::string& name) {
    return link(name).substr(link(name).find("link/ether ") + 11, 17);
  }
  // Of the bridge's ports.
  std::vector<std::string> port_macs() {
    const std::string lines = run("ip -o link show master cni7").out;
    constexpr std::string_view kKey = "link/ether ";
    std::vector<std::string> macs;
    for (auto at = lines.find(kKey); at != lines.npos; at = lines.find(kKey, at + 1)) {
      macs.push_back(lines.substr(at + kKey.size(), 17));
    }
    return macs;
  }
};

TEST_F(BridgeDevices, AnMtuOfAutoIsThatOfTheDefaultRoutesDevice) {
  connect_machine("router", "eth9", "198.51.100.2/24", "198.51.100.1/24");
  sure("ip link set eth9 mtu 1412");
  sure("ip route add default via 198.51.100.1");

  add("bridge", in("web"), device_config(R"("mtu": "auto",)"));

  EXPECT_THAT(run_in("web", "ip link show eth0").out, HasSubstr("mtu 1412"));
  EXPECT_THAT(link("cni7"), HasSubstr("mtu 1412"));
}

TEST_F(BridgeDevices, AnMtuOfAutoFollowsTheIpv6RouteOfAHostWithoutIpv4) {
  connect_machine("router", "eth9", "fd0e::2/64", "fd0e::1/64");
  sure("ip link set eth9 mtu 1413");
  sure("ip route add default via fd0e::1");

  add("bridge", in("web"), device_config(R"("mtu": "auto",)"));

  EXPECT_THAT(run_in("web", "ip link show eth0").out, HasSubstr("mtu 1413"));
}

TEST_F(BridgeDevices, AnMtuOfAutoIsTheKernelsWhereNoDefaultRouteIs) {
  add("bridge", in("web"), device_config(R"("mtu": "auto",)"));

  EXPECT_THAT(run_in("web", "ip link show eth0").out, HasSubstr("mtu 1500"));
}

// The kernel gives it no IPv6, so there is no link-local address to be without.
TEST_F(BridgeDevices, AnMtuThatIsTooSmallForIpv6WillDoForIpv4) {
  add("bridge", in("web"),
      R"({"cniVersion": "1.1.0", "name": "net", "type": "bridge", "bridge": "cni7", "mtu": 1000,
        "isGateway": true, "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}})");

  EXPECT_THAT(run_in("web", "ip link show eth0").out, HasSubstr("mtu 1000"));
  EXPECT_THAT(run("ip -d link show type veth").out, HasSubstr("alias net/web/eth0"));
}

TEST_F(BridgeDevices, AnyOtherWordForTheMtuIsRefused) {
  EXPECT_THAT(call("bridge", "ADD", in("web"), device_config(R"("mtu": "large",)")),
              Refuses(7, HasSubstr("\\\"large\\\" is not a number")));
}

TEST_F(BridgeDevices, ABridgeOfOursKeepsItsMacAddressWhoeverComesAndGoes) {
  add("bridge", in("web"), device_config(""));
  const std::string mac = mac_of("cni7");

  add("bridge", in("db"),
      with_member(device_config(""), "runtimeConfig", R"({"mac": "02:00:00:00:00:01"})"));
  EXPECT_EQ(mac_of("cni7"), mac);

  EXPECT_THAT(call("bridge", "DEL", in("web"), device_config("")), IsSilentSuccess());
  EXPECT_EQ(mac_of("cni7"), mac);
}

TEST_F(BridgeDevices, ABridgeThatWasThereKeepsItsMacAddressWhenItBecomesTheGateway) {
  sure("ip link add cni7 type bridge");
  const std::string mac = mac_of("cni7");

  const std::string result = add("bridge", in("web"), device_config(""));

  EXPECT_EQ(mac_of("cni7"), mac);
  EXPECT_THAT(result, HasSubstr(mac));
}

TEST_F(BridgeDevices, AllPortsOfABridgeOfOursHaveOneMacAddressWhichIsNotTheBridges) {
  for (const char* ns : {"web", "db"}) add("bridge", in(ns), device_config(""));

  const std::vector<std::string> macs = port_macs();
  ASSERT_EQ(macs.size(), 2U);
  EXPECT_EQ(macs[0], macs[1]);
  EXPECT_NE(macs[0], mac_of("cni7"));

  // The first one had the bridge's entry for it; the other stays reachable when it goes.
  EXPECT_THAT(call("bridge", "DEL", in("web"), device_config("")), IsSilentSuccess());
  Server db("db", 80);
  EXPECT_NE(ask("", "10.7.0.3", 80, db), "");
}

TEST_F(BridgeDevices, PortsOfAnAdministratorsBridgeHaveEachItsOwnMacAddress) {
  sure("ip link add cni7 type bridge");

  for (const char* ns : {"web", "db"}) add("bridge", in(ns), device_config(""));

  const std::vector<std::string> macs = port_macs();
  ASSERT_EQ(macs.size(), 2U);
  EXPECT_NE(macs[0], macs[1]);
}

// No querier is there, so without it packets to a group go the same ways; with it each port that
// comes or goes is work for all.
TEST_F(BridgeDevices, AGatewayBridgeOfOursDoesNotFindOutWhoListensToMulticast) {
  for (const char* ns : {"web", "db"}) add("bridge", in(ns), device_config(""));

  EXPECT_THAT(run("ip -d link show cni7").out, HasSubstr("mcast_snooping 0"));
  for (const char* group : {"239.1.2.3", "ff15::123"}) EXPECT_TRUE(hears("web", "db", group));
}

TEST_F(BridgeDevices, AnyOtherBridgeSnoopsAsTheKernelDoes) {
  sure("ip link add cni7 type bridge");
  add("bridge", in("web"), device_config(""));
  add("bridge", in("db"), R"({"cniVersion": "1.1.0", "name": "flat", "type": "bridge",
    "bridge": "cni8"})");

  for (const char* bridge : {"cni7", "cni8"}) {
    EXPECT_THAT(run(format("ip -d link show {}", bridge)).out, HasSubstr("mcast_snooping 1"));
  }
}

// Each would tell all others of its address, and look for routers, again and again.
TEST_F(BridgeDevices, AContainerOfAnIpv4NetworkMakesItselfNoIpv6Address) {
  const std::string result = add("bridge", in("web"), kIpv4Alone);

  EXPECT_EQ(run_in("web", "ip -6 addr show dev eth0").out, "");

  // It speaks IPv6 with an address that somebody gives it, and makes its own when it is asked to.
  run_in("web", "ip addr add fd07::2/64 dev eth0 nodad");
  sure("ip addr add fd07::1/64 dev cni7 nodad");
  Server web("web", 80);
  EXPECT_NE(ask("", "fd07::2", 80, web), "");
  constexpr char kMakeOne[] = R"({"cniVersion": "1.1.0", "name": "net", "type": "tuning",
    "sysctl": {"net.ipv6.conf.IFNAME.addr_gen_mode": "0"}})";
  add("tuning", in("web"), with_member(kMakeOne, "prevResult", result));
  EXPECT_THAT(run_in("web", "ip -6 addr show dev eth0").out, HasSubstr("fe80::"));
}

TEST_F(BridgeDevices, OnABridgeThatMayLeadOutOfTheHostItMakesItselfOne) {
  sure("ip link add cni7 type bridge");

  add("bridge", in("web"), kIpv4Alone);

  EXPECT_THAT(run_in("web", "ip -6 addr show dev eth0").out, HasSubstr("fe80::"));
}

class Isolation : public BridgeDevices, public testing::WithParamInterface<const char*> {};

// Each would be three routes of the host.
TEST_F(BridgeDevices, APortOfTheBridgeHasNoAddressAndNoRoute) {
  add("bridge", in("web"), device_config(""));

  const std::string port = run("bridge -o link show").out;
  const auto name = port.substr(port.find("veth"), 15);
  EXPECT_EQ(run(format("ip -6 addr show dev {}", name)).out, "");
  EXPECT_EQ(run(format("ip -6 route show table all dev {} fe80::/64", name)).out, "");
  EXPECT_THAT(run("ip -6 addr show dev cni7").out, HasSubstr("fe80::"));
  EXPECT_THAT(run_in("web", "ip -6 addr show dev eth0").out, HasSubstr("fe80::"));
}

TEST_P(Isolation, KeepsContainersOfANetworkApartButNotFromTheHost) {
  for (const char* ns : {"web", "db"}) add("bridge", in(ns), device_config(GetParam()));
  Server db("db", 80);
  Server host("", 80);

  for (const char* address : {"10.7.0.3", "fd07::3"}) EXPECT_EQ(ask("web", address, 80, db), "");
  for (const char* address : {"10.7.0.1", "fd07::1"}) EXPECT_NE(ask("web", address, 80, host), "");
  for (const char* address : {"10.7.0.3", "fd07::3"}) EXPECT_NE(ask("", address, 80, db), "");
}

INSTANTIATE_TEST_SUITE_P(AskedFor, Isolation,
                         testing::Values(R"("portIsolation": true,)", R"("icc": false,)"));

TEST_F(BridgeDevices, WithoutIsolationContainersReachEachOther) {
  for (const char* ns : {"web", "db"}) add("bridge", in(ns), device_config(R"("icc": true,)"));
  Server db("db", 80);

  for (const char* address : {"10.7.0.3", "fd07::3"}) EXPECT_NE(ask("web", address, 80, db), "");
}

}  // namespace
}  // namespace netctl::test

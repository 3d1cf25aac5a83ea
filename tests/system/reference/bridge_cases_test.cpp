// The cases of the reference bridge plugin's own tests (containernetworking/plugins,
// plugins/main/bridge/bridge_test.go), run against our executable at each version. Those about
// VLANs (vlan, vlanTrunk, preserveDefaultVlan) are with the other tests of VLANs.
#include "tests/support/traffic.hpp"
#include "tests/system/reference/case_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kAsked = "02:00:00:00:00:00";

struct BridgeCase {
  std::string name{};
  std::string members{};                // of the config
  std::vector<std::string> gateways{};  // that the bridge gets, each ending in 1
  std::string result{};                 // what the result must hold, without white space
  std::string args{};                   // CNI_ARGS
  std::string mac{};                    // of the container; empty: any
  std::string refusal{};                // of versions that cannot tell what the ADD gave
};

// An "ipam" of one range for each subnet.
std::string ranges(const std::vector<std::string>& subnets, const std::string& more = "") {
  std::string list;
  for (const std::string& subnet : subnets) {
    list += format(R"({}[{{"subnet": "{}"}}])", list.empty() ? "" : ", ", subnet);
  }
  return format(R"("isDefaultGateway": true, "ipam": {{"type": "host-local", "ranges": [{}]{}}})",
                list, more);
}

std::vector<BridgeCase> bridge_cases() {
  const std::string v4 = ranges({"10.1.2.0/24"});
  const std::string v6 = ranges({"2001:db8::0/64"});
  const std::string dual = ranges({"192.168.0.0/24", "fd00::0/64"});
  const std::vector<std::string> v4_gateway = {"10.1.2.1/24"};
  const std::string one_mac = format(R"(, "args": {{"cni": {{"mac": "{}"}}}})", kAsked);
  return {{.name = "Ipv4", .members = v4, .gateways = v4_gateway},
          {.name = "Ipv6", .members = v6, .gateways = {"2001:db8::1/64"}},
          {.name = "DualStack", .members = dual, .gateways = {"192.168.0.1/24", "fd00::1/64"}},
          {.name = "ThreeSubnets",
           .members = ranges({"192.168.0.0/24", "fd00::0/64", "2001:db8::0/64"}),
           .gateways = {"192.168.0.1/24", "fd00::1/64", "2001:db8::1/64"},
           .refusal = "does not support more than 1 address per family"},
          {.name = "OneSubnetInTheOldForm",
           .members = R"("isDefaultGateway": true, "ipam": {"type": "host-local",
         "subnet": "10.1.2.0/24", "gateway": "10.1.2.1"})",
           .gateways = v4_gateway},
          {.name = "DnsOfResolvConf",
           .members = ranges({"10.1.2.0/24"}, R"(, "resolvConf": "/run/cni-config/resolv.conf")"),
           .gateways = v4_gateway,
           .result = R"("dns":{"nameservers":["192.0.2.0"]})"},
          {.name = "Layer2", .members = R"("ipam": {})", .refusal = "no valid IP addresses"},
          {.name = "Layer2WithTheInterfaceDown",
           .members = R"("disableContainerInterface": true, "ipam": {})",
           .refusal = "no valid IP addresses"},
          {.name = "MacOfCniArgs",
           .members = v4,
           .gateways = v4_gateway,
           .args = format("MAC={}", kAsked),
           .mac = kAsked},
          {.name = "MacOfArgsBeforeCniArgs",
           .members = v4 + one_mac,
           .gateways = v4_gateway,
           .args = "MAC=02:00:00:00:04:56",
           .mac = kAsked},
          {.name = "MacOfRuntimeConfigBeforeAll",
           .members = v4 + R"(, "args": {"cni": {"mac": "02:00:00:00:07:89"}})" +
                      format(R"(, "RuntimeConfig": {{"mac": "{}"}})", kAsked),
           .gateways = v4_gateway,
           .args = "MAC=02:00:00:00:04:56",
           .mac = kAsked}};
}

class BridgeCases : public CaseHost {
 protected:
  void SetUp() override {
    CaseHost::SetUp();
    if (IsSkipped()) return;
    write_network("resolv.conf", "nameserver 192.0.2.0\n");
    environment["CNI_PATH"] = plugin_directory();
  }

  static std::string bridge_config(const std::string& version, const std::string& members) {
    return config_of("bridge", version, R"("bridge": "bridge0", "mtu": 5000, )" + members);
  }

  std::string mac_on(const std::string& link_line) {
    std::smatch match;
    std::regex_search(link_line, match, std::regex("link/ether ([0-9a-f:]{17})"));
    return match[1];
  }

  // Bridge, port and the container's interface, and what is on them.
  void expect_attached(const BridgeCase& tested, bool up) {
    const std::string bridge = run("ip -d -o link show bridge0").out;
    EXPECT_THAT(bridge, AllOf(HasSubstr("mtu 5000"), HasSubstr("vlan_filtering 0"),
                              HasSubstr("promiscuity 0"), HasSubstr("UP")));
    for (const std::string& gateway : tested.gateways) {
      EXPECT_THAT(run("ip -o addr show dev bridge0").out, HasSubstr(gateway));
    }
    const std::string port = run("ip -o link show master bridge0").out;
    EXPECT_THAT(port, AllOf(HasSubstr(": veth"), HasSubstr("mtu 5000")));
    EXPECT_NE(mac_on(port), mac_on(bridge)) << "the bridge's would go with its port";

    const std::string link = inside("ip -d -o link show eth0");
    EXPECT_THAT(link, AllOf(HasSubstr("mtu 5000"), HasSubstr("veth"), HasSubstr(tested.mac)));
    EXPECT_THAT(link, up ? HasSubstr("state UP") : HasSubstr("state DOWN"));
    expect_addresses(tested);
  }

  // As many as there are gateways, each with a default route of its family that one of them serves.
  void expect_addresses(const BridgeCase& tested) {
    const std::string addresses = inside("ip -o addr show dev eth0 scope global");
    EXPECT_EQ(std::ranges::count(addresses, '\n'), std::ssize(tested.gateways)) << addresses;
    for (const std::string& gateway : tested.gateways) {
      const std::string network = gateway.substr(0, gateway.find("1/"));
      EXPECT_THAT(addresses, HasSubstr(" " + network));
    }
    for (const char* family : {"4", "6"}) {
      const auto first = std::ranges::find(tested.gateways, std::string(family), family_of);
      const std::string routes = inside(format("ip -{} route show default", family));
      if (first == tested.gateways.end()) {
        EXPECT_THAT(routes, IsEmpty());
      } else {
        EXPECT_THAT(routes, HasSubstr("via " + first->substr(0, first->find('/')) + " dev eth0"));
      }
    }
  }

  // Bridge, host end, container end; with the shape of the version.
  void expect_result(const BridgeCase& tested, const std::string& version,
                     const std::string& result) {
    const std::string text = compact(result);
    EXPECT_THAT(text, HasSubstr(tested.result));
    if (version < "0.3.0") {
      EXPECT_THAT(text, HasSubstr("\"ip\":"));
      return;
    }
    std::vector<std::string> names;
    const std::regex name(R"re("name":"([^"]+)")re");
    for (std::sregex_iterator each(text.begin(), text.end(), name), end; each != end; ++each) {
      names.push_back((*each)[1]);
    }
    EXPECT_THAT(names, testing::ElementsAre("bridge0", testing::StartsWith("veth"), "eth0"));
    EXPECT_THAT(text, AllOf(HasSubstr(R"("sandbox":"/run/netns/web")"), HasSubstr(tested.mac)));
    EXPECT_THAT(text, HasSubstr(mac_on(run("ip -o link show bridge0").out)));
  }
};

class BridgeLives : public BridgeCases, public testing::WithParamInterface<BridgeCase> {};

TEST_P(BridgeLives, EachVersionConfiguresAndDeconfiguresIt) {
  const BridgeCase& tested = GetParam();
  environment["CNI_ARGS"] = tested.args;
  const bool up = tested.members.find("disableContainerInterface") == std::string::npos;
  const std::string before = host_state();
  for (const char* version : kVersions) {
    SCOPED_TRACE(version);
    const std::string config = bridge_config(version, tested.members);
    if (!tested.refusal.empty() && std::string_view(version) < "0.3.0") {
      const auto refused = call("bridge", "ADD", kTarget, config);
      EXPECT_EQ(refused.exit_status, 1);
      EXPECT_THAT(refused.out, HasSubstr(tested.refusal));
      detach("bridge", version, config);
      EXPECT_EQ(host_state(), before);
      continue;
    }
    const std::string result = attach("bridge", version, config);
    expect_result(tested, version, result);
    expect_attached(tested, up);
    check("bridge", version, config, result);
    detach("bridge", version, config);
    EXPECT_EQ(host_state(), before);
  }
}

INSTANTIATE_TEST_SUITE_P(BridgeCase, BridgeLives, testing::ValuesIn(bridge_cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(BridgeCases, AnExistingBridgeIsUsedAndKeepsItsIndexAndItsMacAddress) {
  for (const char* subnet : {"10.1.2.0/24", "2001:db8:42::/64"}) {
    SCOPED_TRACE(subnet);
    sure("ip link add bridge0 mtu 5000 type bridge");
    const std::string before = run("ip -o link show bridge0").out.substr(0, 3);
    const std::string mac = mac_on(run("ip -o link show bridge0").out);
    for (const char* version : kVersions) {
      SCOPED_TRACE(version);
      const std::string config = bridge_config(version, ranges({subnet}));
      attach("bridge", version, config);
      EXPECT_EQ(run("ip -o link show bridge0").out.substr(0, 3), before);
      EXPECT_EQ(mac_on(run("ip -o link show bridge0").out), mac);
      detach("bridge", version, config);
      EXPECT_EQ(mac_on(run("ip -o link show bridge0").out), mac);
    }
    sure("ip link del bridge0");
  }
}

TEST_F(BridgeCases, ADelOfWhatWasNeverConfiguredSucceeds) {
  const std::string before = host_state();
  for (const char* version : kVersions) {
    detach("bridge", version, bridge_config(version, ranges({"10.1.2.0/24"})));
    EXPECT_EQ(host_state(), before);
  }
}

// Has the words, or has them not.
testing::Matcher<std::string> has(const std::string& words, bool wanted) {
  if (wanted) return HasSubstr(words);
  return Not(HasSubstr(words));
}

struct TwoGateways {
  std::string name{};
  std::string first{};   // that the bridge has
  std::string second{};  // that an ADD wants
  std::string subnet{};  // of the second
  bool both = false;     // there is room for both
};

class BridgeAddresses : public BridgeCases, public testing::WithParamInterface<TwoGateways> {};

TEST_P(BridgeAddresses, GiveWayOnlyToForceAddress) {
  const auto& [name, first, second, subnet, both] = GetParam();
  const std::string gateway = second.substr(0, second.find('/'));
  const std::string members = format(
      R"("isGateway": true, "ipam": {{"type": "host-local", "subnet": "{}", "gateway": "{}"}})",
      subnet, gateway);
  sure("ip link add bridge0 type bridge");
  for (const char* version : kVersions) {
    SCOPED_TRACE(version);
    sure("ip addr flush dev bridge0");
    sure("ip addr add " + first + " dev bridge0");
    const auto addresses = [&] { return run("ip -o addr show dev bridge0 scope global").out; };

    const std::string config = bridge_config(version, members);
    const auto added = call("bridge", "ADD", kTarget, config);
    EXPECT_EQ(added.exit_status, both ? 0 : 1) << added.out;
    EXPECT_THAT(addresses(), HasSubstr(first));
    EXPECT_THAT(addresses(), has(second, both));
    if (!both) {
      EXPECT_THAT(added.out, HasSubstr("already has an IP address different from " + second));
    }
    detach("bridge", version, config);

    const std::string forcing = bridge_config(version, R"("forceAddress": true, )" + members);
    attach("bridge", version, forcing);
    EXPECT_THAT(addresses(), HasSubstr(second));
    EXPECT_THAT(addresses(), has(first, both));
    detach("bridge", version, forcing);
  }
}

INSTANTIATE_TEST_SUITE_P(BridgeCase, BridgeAddresses,
                         testing::Values(TwoGateways{"Ipv4", "10.0.0.1/8", "10.1.2.3/16",
                                                     "10.1.0.0/16"},
                                         TwoGateways{"Ipv6Overlapping", "2001:db8:1::1/48",
                                                     "2001:db8:1:2::1/64", "2001:db8:1:2::/64"},
                                         TwoGateways{"Ipv6Apart", "2001:db8:1:2::1/64",
                                                     "fd00:1234::1/64", "fd00:1234::/64", true}),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(BridgeCases, PromiscModeIsTheBridges) {
  for (const char* version : kVersions) {
    SCOPED_TRACE(version);
    const std::string config =
        bridge_config(version, R"("promiscMode": true, )" + ranges({"10.1.2.0/24"}));
    attach("bridge", version, config);
    EXPECT_THAT(run("ip -o link show bridge0").out, HasSubstr("PROMISC"));
    detach("bridge", version, config);
  }
}

TEST_F(BridgeCases, TheAddressIsReleasedWhenTheAddFailsAfterIpam) {
  sure("ip link add bridge0 type bridge");
  sure("ip addr add 10.9.9.9/24 dev bridge0");  // in the way of the gateway
  for (const char* version : kVersions) {
    const auto failed =
        call("bridge", "ADD", kTarget, bridge_config(version, ranges({"10.1.2.0/24"})));
    EXPECT_EQ(failed.exit_status, 1);
    EXPECT_THAT(run("find /run/cni-state/networks/testConfig -name 10.*").out, IsEmpty());
  }
}

class BridgeMasquerading : public BridgeCases, public testing::WithParamInterface<const char*> {};

TEST_P(BridgeMasquerading, IsThereFromAddToDelWhateverTheBackend) {
  for (const char* version : kVersions) {
    SCOPED_TRACE(version);
    const std::string config =
        bridge_config(version, ranges({"10.1.2.0/24"}) + R"(, "ipMasq": true)" + GetParam());
    add("bridge", kTarget, config);
    EXPECT_THAT(run("nft list map inet netctl masquerade4").out,
                HasSubstr(address_in("web", "eth0")));
    EXPECT_THAT(call("bridge", "DEL", kTarget, config), IsSilentSuccess());
    EXPECT_THAT(run("nft list ruleset").out, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Backend, BridgeMasquerading,
                         testing::Values("", R"(, "ipMasqBackend": "iptables")",
                                         R"(, "ipMasqBackend": "nftables")"));

TEST_F(BridgeCases, MacSpoofChkIsThereFromAddToDel) {
  for (const char* version : kVersions) {
    SCOPED_TRACE(version);
    const std::string config =
        bridge_config(version, ranges({"10.1.2.0/24"}) + R"(, "macspoofchk": true)");
    attach("bridge", version, config);
    EXPECT_THAT(run("nft list table bridge netctl").out,
                AllOf(HasSubstr(mac_on(inside("ip -o link show eth0"))),
                      HasSubstr("testConfig/dummy/eth0")));
    detach("bridge", version, config);
    EXPECT_THAT(run("nft list ruleset").out, IsEmpty());
  }
}

TEST_F(BridgeCases, IpamAndDisableContainerInterfaceExcludeEachOther) {
  const std::string before = host_state();
  for (const char* version : kVersions) {
    const std::string members = ranges({"10.1.2.0/24"}) + R"(, "disableContainerInterface": true)";
    EXPECT_THAT(call("bridge", "ADD", kTarget, bridge_config(version, members)),
                Refuses(7, HasSubstr("cannot use IPAM when DisableContainerInterface")));
    EXPECT_EQ(host_state(), before);
  }
}

}  // namespace
}  // namespace netctl::test

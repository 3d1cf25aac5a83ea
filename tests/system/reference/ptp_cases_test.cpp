// The cases of the reference ptp plugin's own tests (containernetworking/plugins,
// plugins/main/ptp/ptp_test.go), run against our executable at each version.
#include "tests/support/traffic.hpp"
#include "tests/system/reference/case_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSubnet = R"("subnet": "10.1.2.0/24")";
constexpr const char* kResolvConf = R"("subnet": "10.1.2.0/24",
    "resolvConf": "/run/cni-config/resolv.conf")";
constexpr const char* kDns = R"("dns":{"nameservers":["10.1.2.123"],"domain":"some.domain.test",)"
                             R"("search":["search.test"],"options":["option1:foo"]})";

struct PtpCase {
  std::string name{};
  std::string ipam{};     // its members
  std::string members{};  // more of the config
  std::string dns{};      // of the result, as it was before 1.0.0
  std::vector<std::string> gateways = {"10.1.2.1"};
  std::string routes{};  // that the container has besides
};

std::vector<PtpCase> ptp_cases() {
  return {{.name = "Plain", .ipam = kSubnet, .members = kDns, .dns = kDns},
          {.name = "IpMasqBackendIptables",
           .ipam = kSubnet,
           .members = format(R"("ipMasqBackend": "iptables", {})", kDns),
           .dns = kDns},
          {.name = "IpMasqBackendNftables",
           .ipam = kSubnet,
           .members = format(R"("ipMasqBackend": "nftables", {})", kDns),
           .dns = kDns},
          {.name = "DualStackWithRoutes",
           .ipam = R"("ranges": [[{"subnet": "10.1.2.0/24"}], [{"subnet": "2001:db8:1::0/66"}]],
         "routes": [{"dst": "0.0.0.0/0"}, {"dst": "192.168.0.0/16"}, {"dst": "1.2.3.4/32"}])",
           .dns = R"("dns":{})",
           .gateways = {"10.1.2.1", "2001:db8:1::1"},
           .routes = "192.168.0.0/16 via 10.1.2.1"},
          {.name = "DnsOfIpamWhereTheConfigHasNone", .ipam = kResolvConf, .dns = kDns},
          {.name = "NameserversOverAllOfIpams",
           .ipam = kResolvConf,
           .members = R"("dns": {"nameservers": ["10.1.2.234"]})",
           .dns = R"("dns":{"nameservers":["10.1.2.234"]})"},
          {.name = "DomainOverAllOfIpams",
           .ipam = kResolvConf,
           .members = R"("dns": {"domain": "someother.domain.test"})",
           .dns = R"("dns":{"domain":"someother.domain.test"})"},
          {.name = "SearchOverAllOfIpams",
           .ipam = kResolvConf,
           .members = R"("dns": {"search": ["search.elsewhere.test"]})",
           .dns = R"("dns":{"search":["search.elsewhere.test"]})"},
          {.name = "OptionsOverAllOfIpams",
           .ipam = kResolvConf,
           .members = R"("dns": {"options": ["option2:bar"]})",
           .dns = R"("dns":{"options":["option2:bar"]})"},
          {.name = "EmptyListsOverAllOfIpams",
           .ipam = kResolvConf,
           .members = R"("dns": {"nameservers": [], "search": [], "options": []})",
           .dns = R"("dns":{})"}};
}

class PtpCases : public CaseHost {
 protected:
  void SetUp() override {
    CaseHost::SetUp();
    if (IsSkipped()) return;
    kTarget.ifname = "ptp0";
    write_network("resolv.conf",
                  "nameserver 10.1.2.123\ndomain some.domain.test\nsearch search.test\n"
                  "options option1:foo\n");
  }

  static std::string ptp_config(const std::string& version, const std::string& ipam,
                                const std::string& members) {
    return config_of(
        "ptp", version,
        format(R"("ipMasq": true, "mtu": 5000, "ipam": {{"type": "host-local", {}}})", ipam) +
            (members.empty() ? "" : ", ") + members);
  }

  void expect_result(const PtpCase& tested, const std::string& version, const std::string& result) {
    const std::string text = compact(result);
    if (version >= "1.0.0" && tested.dns == R"("dns":{})") {
      EXPECT_THAT(text, Not(HasSubstr(R"("dns")")));
    } else if (version < "1.0.0") {
      EXPECT_THAT(text, HasSubstr(tested.dns));
    }
    for (const std::string& gateway : tested.gateways) {
      EXPECT_THAT(text, HasSubstr(format(R"("gateway":"{}")", gateway)));
    }
    if (version < "0.3.0") return;
    EXPECT_TRUE(std::regex_search(text, std::regex(R"("name":"veth[0-9a-f]{11}")"))) << text;
    EXPECT_THAT(text, HasSubstr(R"("sandbox":"/run/netns/web")"));
    std::smatch mac;
    const std::string link = inside("ip -o link show ptp0");
    ASSERT_TRUE(std::regex_search(link, mac, std::regex("link/ether ([0-9a-f:]{17})")));
    EXPECT_THAT(text, HasSubstr(mac[1].str()));
  }
};

class PtpLives : public PtpCases, public testing::WithParamInterface<PtpCase> {};

TEST_P(PtpLives, EachVersionConfiguresAndDeconfiguresIt) {
  const PtpCase& tested = GetParam();
  const std::string before = host_state();
  Server host("", 7000);
  for (const char* version : kVersions) {
    SCOPED_TRACE(version);
    const std::string config = ptp_config(version, tested.ipam, tested.members);
    const std::string result = attach("ptp", version, config);
    expect_result(tested, version, result);
    EXPECT_THAT(inside("ip -o link show ptp0"), HasSubstr("mtu 5000"));
    EXPECT_THAT(inside("ip route"), HasSubstr(tested.routes));
    for (const std::string& gateway : tested.gateways) {
      EXPECT_NE(ask("web", gateway, 7000, host), "") << gateway;
    }
    check("ptp", version, config, result);
    detach("ptp", version, config);
    EXPECT_EQ(host_state(), before);
  }
}

INSTANTIATE_TEST_SUITE_P(PtpCase, PtpLives, testing::ValuesIn(ptp_cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(PtpCases, ADelOfWhatWasNeverConfiguredSucceeds) {
  for (const char* version : kVersions) detach("ptp", version, ptp_config(version, kSubnet, ""));
}

}  // namespace
}  // namespace netctl::test

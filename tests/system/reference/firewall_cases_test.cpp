// The cases of the reference firewall plugin's own tests (containernetworking/plugins,
// plugins/meta/firewall/firewall_iptables_test.go and firewall_integ_test.go), run against our
// executables at each version that the plugin has, 0.4.0 and later. What they read from iptables'
// rules is shown by packets in tests/system/firewall: here a host has no other firewall, so there
// is no rule to make.
#include "tests/support/traffic.hpp"
#include "tests/system/reference/case_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

struct Variant {
  const char* version;
  const char* backend;
};

class FirewallCases : public CaseHost, public testing::WithParamInterface<Variant> {
 protected:
  // A result of one family, or of both.
  static std::string result(const std::string& ips) {
    return format(R"({{"cniVersion": "{}", "interfaces": [{{"name": "dummy0"}}], "ips": [{}]}})",
                  GetParam().version, ips);
  }
  static std::string ip(const std::string& address) {
    const bool old = std::string(GetParam().version) < "1.0.0";
    const std::string version = format(R"("version": "{}", )", family_of(address));
    return format(R"({{{}"address": "{}", "interface": 0}})", old ? version : "", address);
  }
  static std::string firewall_config(const std::string& members) {
    return config_of(
        "firewall", GetParam().version,
        format(R"("backend": "{}"{}{})", GetParam().backend, members.empty() ? "" : ", ", members));
  }
};

INSTANTIATE_TEST_SUITE_P(, FirewallCases,
                         testing::Values(Variant{"0.4.0", "iptables"}, Variant{"1.0.0", "iptables"},
                                         Variant{"1.1.0", "iptables"},
                                         Variant{"1.1.0", "nftables"}),
                         [](const auto& each) {
                           return std::string(each.param.backend) + "V" +
                                  std::regex_replace(std::string(each.param.version),
                                                     std::regex("[.]"), "_");
                         });

TEST_P(FirewallCases, PassesTheResultOnUnmodified) {
  const std::string previous = result(ip("10.0.0.2/24") + ", " + ip("2001:db8:1:2::1/64"));
  const std::string config = firewall_config("\"prevResult\": " + previous);
  const std::string added = compact(attach("firewall", GetParam().version, config));
  for (const char* part : {"10.0.0.2/24", "2001:db8:1:2::1/64", R"("name":"dummy0")"}) {
    EXPECT_THAT(added, HasSubstr(part));
  }
  check("firewall", GetParam().version, firewall_config(""), previous);
  detach("firewall", GetParam().version, config);
  EXPECT_THAT(call("firewall", "DEL", kTarget, firewall_config("")), IsSilentSuccess())
      << "a second time, and without a result";
}

TEST_P(FirewallCases, WithoutAResultIsRefused) {
  EXPECT_THAT(call("firewall", "ADD", kTarget, firewall_config("")),
              Refuses(7, HasSubstr("prevResult")));
}

TEST_P(FirewallCases, SameBridgeIsolatesFooFromBar) {
  for (const auto& [name, third] : {std::pair("foo", 3), std::pair("bar", 4)}) {
    write_network(std::string(name) + ".conflist",
                  format(R"({{"cniVersion": "{0}", "name": "{1}", "plugins": [
        {{"type": "bridge", "bridge": "{1}", "isGateway": true, "ipMasq": true,
          "hairpinMode": true, "ipam": {{"type": "host-local",
            "routes": [{{"dst": "0.0.0.0/0"}}],
            "ranges": [[{{"subnet": "10.88.{2}.0/24", "gateway": "10.88.{2}.1"}}]]}}}},
        {{"type": "firewall", "backend": "{3}", "ingressPolicy": "same-bridge"}}]}})",
                         GetParam().version, name, third, GetParam().backend));
  }
  for (const auto& [network, ns] :
       {std::pair("foo", "ns0"), std::pair("foo", "ns1"), std::pair("bar", "ns2")}) {
    sure(format("ip netns add {}", ns));
    sure(format("netctl add {} {} --id test-cni-firewall-{}", network, ns, ns));
  }
  const std::map<std::string, std::string> addresses{
      {"ns0", "10.88.3.2"}, {"ns1", "10.88.3.3"}, {"ns2", "10.88.4.2"}};
  for (const auto& [from, unused] : addresses) {
    for (const auto& [to, address] : addresses) {
      if (from == to) continue;
      const bool same = from != "ns2" && to != "ns2";
      EXPECT_EQ(pings(from, address), same) << from << " to " << to;
    }
  }
}

}  // namespace
}  // namespace netctl::test

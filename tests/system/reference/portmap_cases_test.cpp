// The cases of the reference portmap plugin's own tests (containernetworking/plugins,
// plugins/meta/portmap/portmap_integ_test.go and portmap_test.go), run against our executables at
// each version.
#include "tests/support/traffic.hpp"
#include "tests/system/reference/case_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

constexpr const char* kHost = "203.0.113.1";

class PortmapCases : public CaseHost, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    CaseHost::SetUp();
    if (IsSkipped()) return;
    run("sysctl -qw net.bridge.bridge-nf-call-iptables=0");
    connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
    write_network("portmap.conflist",
                  format(R"({{"cniVersion": "{}", "name": "cni-portmap-unit-test", "plugins": [
        {{"type": "ptp", "ipMasq": true, "ipam": {{"type": "host-local",
          "subnet": "172.16.31.0/24", "routes": [{{"dst": "0.0.0.0/0"}}]}}}},
        {{"type": "portmap", "capabilities": {{"portMappings": true}}}}]}})",
                         GetParam()));
  }

  static std::string portmap_config(const std::string& members) {
    return config_of("portmap", GetParam(), members);
  }
  // With that one mapping.
  static std::string mapped(const std::string& mapping, const std::string& members) {
    return portmap_config(
        format(R"("runtimeConfig": {{"portMappings": [{}]}}, {})", mapping, members));
  }
};

INSTANTIATE_TEST_SUITE_P(, PortmapCases,
                         testing::Values("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"),
                         [](const auto& each) {
                           return "V" + std::regex_replace(std::string(each.param),
                                                           std::regex("[.]"), "_");
                         });

TEST_P(PortmapCases, ForwardsATcpPort) {
  const std::string before = host_state();
  sure("netctl add cni-portmap-unit-test web --id unit-test-1 -p 2025:7000");
  const std::string container = address_in("web", "eth0");
  {
    Server server("web", 7000);
    EXPECT_NE(ask("", container, 7000, server), "") << "directly";
    EXPECT_NE(ask("", kHost, 2025, server), "") << "forwarded";
    EXPECT_NE(ask("", "127.0.0.1", 2025, server), "") << "from localhost";
    EXPECT_NE(ask("web", kHost, 2025, server), "") << "hairpin";
  }
  sure("netctl del cni-portmap-unit-test web --id unit-test-1");
  EXPECT_EQ(host_state(), before);
}

TEST_P(PortmapCases, ForwardsAUdpPortAndGoesOnWithASecondContainer) {
  sure("ip netns add second");
  sure("netctl add cni-portmap-unit-test web --id unit-test-1 -p 2025:7000/udp");
  {
    Server server("web", 7000, Transport::Udp);
    EXPECT_NE(ask("", address_in("web", "eth0"), 7000, server), "");
    EXPECT_NE(ask("", kHost, 2025, server), "");
  }
  sure("netctl del cni-portmap-unit-test web --id unit-test-1");

  sure("netctl add cni-portmap-unit-test second --id unit-test2-1 -p 2025:7001/udp");
  Server server("second", 7001, Transport::Udp);
  EXPECT_NE(ask("", address_in("second", "eth0"), 7001, server), "");
  EXPECT_NE(ask("", kHost, 2025, server), "");
}

TEST_P(PortmapCases, RefusesAWrongPort) {
  EXPECT_THAT(call("portmap", "ADD", kTarget,
                   mapped(R"({"hostPort": 8080, "containerPort": 0, "protocol": "tcp"})",
                          format(R"("prevResult": {{"cniVersion": "{}"}})", GetParam()))),
              Refuses(7, HasSubstr("containerPort")));
}

TEST_P(PortmapCases, TakesAResultWithoutIndicesOfInterfaces) {
  sure("ip addr add 10.0.0.254/24 dev lan0");
  const std::string mapping = R"({"hostPort": 8080, "containerPort": 80, "protocol": "tcp"})";
  const std::string version_key = std::string(GetParam()) < "1.0.0" ? R"("version": "4", )" : "";
  const std::string result =
      add("portmap", kTarget,
          mapped(mapping, format(R"("prevResult": {{"cniVersion": "{}", "interfaces":
              [{{"name": "host"}}, {{"name": "eth0", "sandbox": "/run/netns/web"}}],
              "ips": [{{{}"address": "10.0.0.1/24", "gateway": "10.0.0.254"}}]}})",
                                 GetParam(), version_key)));
  EXPECT_THAT(result, HasSubstr("10.0.0.1/24"));
  EXPECT_THAT(run("nft list map inet netctl publish4_any").out, HasSubstr("10.0.0.1 . 80"));
  EXPECT_THAT(call("portmap", "DEL", kTarget, portmap_config("")), IsSilentSuccess());
}

TEST_P(PortmapCases, WithoutMappingsPassesTheResultOnAndWithoutAResultIsRefused) {
  const std::string version_key = std::string(GetParam()) < "1.0.0" ? R"("version": "4", )" : "";
  const std::string ips = format(R"("ips":[{{{}"address": "10.0.0.1/24"}}])", version_key);
  EXPECT_THAT(compact(add("portmap", kTarget,
                          portmap_config(format(R"("prevResult": {{"cniVersion": "{}", {}}})",
                                                GetParam(), ips)))),
              HasSubstr(R"("address":"10.0.0.1/24")"));
  EXPECT_THAT(call("portmap", "ADD", kTarget, portmap_config("")),
              Refuses(7, HasSubstr("must be called as chained plugin")));
  EXPECT_EQ(run("nft list ruleset").out, "");
}

}  // namespace
}  // namespace netctl::test

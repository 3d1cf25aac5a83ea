// CHECK tells everything that is not as it was attached, and nothing that others added.
#include "tests/support/calls.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kConfig = R"({"cniVersion": "1.0.0", "name": "net", "type": "bridge",
  "bridge": "cni7", "isDefaultGateway": true, "ipMasq": true,
  "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}})";

class BridgeCheck : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
    result_ = add("bridge", kTarget, kConfig);
  }

  sys::Finished check(const std::string& prev_result) {
    return call("bridge", "CHECK", kTarget, with_member(kConfig, "prevResult", prev_result));
  }

  const Target kTarget{.container = "c1", .netns = "web"};
  std::string result_;
};

TEST_F(BridgeCheck, OfWhatIsAsItWasIsASuccess) { EXPECT_THAT(check(result_), IsSilentSuccess()); }

TEST_F(BridgeCheck, TellsTheIpamPluginsDifferencesBesideItsOwn) {
  sure("rm /run/cni-state/networks/net/10.7.0.2");
  sure("ip -n web addr del 10.7.0.2/24 dev eth0");
  sure("ip addr del 10.7.0.1/24 dev cni7");
  sure("nft flush map inet netctl masquerade4");

  EXPECT_THAT(check(result_),
              Refuses(999, AllOf(HasSubstr("container \\\"c1\\\" is not as it was attached"),
                                 HasSubstr("host-local: Failed to find address"),
                                 HasSubstr("eth0 does not have the address 10.7.0.2/24"),
                                 HasSubstr("no route to 0.0.0.0/0"),
                                 HasSubstr("cni7 does not have the address 10.7.0.1/24"),
                                 HasSubstr("masquerade4 { 10.7.0.2 } is missing"))));
}

TEST_F(BridgeCheck, PassesOnWhatOnlyTheIpamPluginFound) {
  sure("rm /run/cni-state/networks/net/10.7.0.2");

  EXPECT_THAT(check(result_), Refuses(999, HasSubstr("\"msg\": \"host-local: Failed to find")));
}

TEST_F(BridgeCheck, OfANamespaceThatIsGoneStillLooksAtTheHost) {
  sure("netctl ns rm web");
  sure("ip link set cni7 down");

  EXPECT_THAT(check(result_),
              Refuses(999, AllOf(HasSubstr("failed to open netns"), HasSubstr("cni7 is down"))));
}

TEST_F(BridgeCheck, LeavesAddressesOfOtherInterfacesToThoseWhoMadeThem) {
  std::string more = result_;
  more.insert(more.find("\"ips\": [") + 8, R"({"address": "10.99.0.9/24", "interface": 1},)");

  EXPECT_THAT(check(more), IsSilentSuccess());
}

TEST_F(BridgeCheck, NeedsAPrevResult) {
  EXPECT_THAT(call("bridge", "CHECK", kTarget, kConfig),
              Refuses(7, HasSubstr("required prevResult missing")));
}

TEST_F(BridgeCheck, PortmapTellsEveryPartOfAPublishedPort) {
  const std::string config = with_member(
      R"({"cniVersion": "1.0.0", "name": "net", "type": "portmap", "runtimeConfig": {"portMappings":
         [{"hostPort": 8080, "containerPort": 80}, {"hostPort": 8081, "containerPort": 81}]}})",
      "prevResult", result_);
  add("portmap", kTarget, config);
  EXPECT_THAT(call("portmap", "CHECK", kTarget, config), IsSilentSuccess());

  sure("nft delete element inet netctl publish4_any { tcp . 8081 }");
  sure("nft flush map inet netctl hairpin4");
  sure("sysctl -qw net.ipv4.conf.cni7.route_localnet=0");

  EXPECT_THAT(call("portmap", "CHECK", kTarget, config),
              Refuses(999, AllOf(HasSubstr("3 differences"),
                                 HasSubstr("publish4_any { tcp . 8081 } is missing"),
                                 HasSubstr("hairpin4 { 10.7.0.2 } is missing"),
                                 HasSubstr("route_localnet of cni7 is off"))));
}

}  // namespace
}  // namespace netctl::test

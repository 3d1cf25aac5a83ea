// The plugins called directly, as a runtime calls them: environment, stdin, stdout.
#include <regex>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kConfig = R"({"cniVersion": "1.0.0", "name": "net", "type": "bridge",
  "bridge": "cni7", "isDefaultGateway": true, "ipMasq": true, "mtu": 1400,
  "dns": {"nameservers": ["10.7.0.1"]},
  "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}})";

class Plugins : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
    before_ = host_state();
  }

  sys::Finished bridge(const std::string& command, const std::string& config) {
    return plugin("bridge",
                  {{"CNI_COMMAND", command},
                   {"CNI_CONTAINERID", "c1"},
                   {"CNI_NETNS", "/run/netns/web"},
                   {"CNI_IFNAME", "eth0"}},
                  config);
  }

  // One error object and nothing else on stdout, status 1, nothing changed.
  void expect_refused(const sys::Finished& finished, int code) {
    EXPECT_EQ(finished.exit_status, 1);
    EXPECT_THAT(finished.out, AllOf(HasSubstr(format("\"code\": {}", code)), HasSubstr("\"msg\"")));
    EXPECT_EQ(finished.out.find('{'), 0U);
    EXPECT_EQ(finished.out.find("\"code\""), finished.out.rfind("\"code\"")) << finished.out;
    EXPECT_EQ(host_state(), before_);
  }

  std::string before_;
};

TEST_F(Plugins, BridgesResultListsBridgeHostEndAndContainerEnd) {
  const auto added = bridge("ADD", kConfig);

  ASSERT_EQ(added.exit_status, 0) << added.out << added.err;
  // Keys sorted, as the reference plugins print 1.0.0.
  const std::string mac = "[0-9a-f]{2}(:[0-9a-f]{2}){5}";
  const std::string expected =
      R"(\{"cniVersion":"1.0.0","dns":\{"nameservers":\["10.7.0.1"\]\},"interfaces":\[)"
      R"(\{"mac":")" +
      mac +
      R"(","name":"cni7"\},)"
      R"(\{"mac":")" +
      mac +
      R"(","name":"veth[0-9a-f]{11}"\},)"
      R"(\{"mac":")" +
      mac +
      R"(","name":"eth0","sandbox":"/run/netns/web"\}\],)"
      R"("ips":\[\{"address":"10.7.0.2/24","gateway":"10.7.0.1","interface":2\}\],)"
      R"("routes":\[\{"dst":"0.0.0.0/0","gw":"10.7.0.1"\}\]\})";
  const std::string compact = std::regex_replace(added.out, std::regex("\\s"), "");
  EXPECT_TRUE(std::regex_match(compact, std::regex(expected))) << compact;
  EXPECT_FALSE(added.out.ends_with('\n'));
}

TEST_F(Plugins, BridgesResultIsWhatTheKernelHas) {
  const auto added = bridge("ADD", kConfig);
  ASSERT_EQ(added.exit_status, 0) << added.out << added.err;

  const std::string inside = run_in("web", "ip -o link show eth0").out;
  const std::string bridge_link = run("ip -o link show cni7").out;
  EXPECT_THAT(inside, HasSubstr("mtu 1400"));
  std::smatch mac;
  ASSERT_TRUE(std::regex_search(inside, mac, std::regex("link/ether ([0-9a-f:]+)")));
  EXPECT_THAT(added.out, HasSubstr(mac[1].str()));
  ASSERT_TRUE(std::regex_search(bridge_link, mac, std::regex("link/ether ([0-9a-f:]+)")));
  EXPECT_THAT(added.out, HasSubstr(mac[1].str()));
  EXPECT_THAT(run("ip -o link").out, HasSubstr("alias net/c1/eth0"));
}

TEST_F(Plugins, ADelWithoutPrevResultNamespaceOrIpamStoreUndoesAnAdd) {
  ASSERT_EQ(bridge("ADD", kConfig).exit_status, 0);
  const auto deleted =
      plugin("bridge", {{"CNI_COMMAND", "DEL"}, {"CNI_CONTAINERID", "c1"}, {"CNI_IFNAME", "eth0"}},
             kConfig);

  EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
  EXPECT_EQ(deleted.out, "");
  EXPECT_EQ(host_state(), before_);
}

TEST_F(Plugins, GcRemovesWhatHasNoValidOwnerAndNothingElse) {
  sure("netctl ns add kept");
  before_ = host_state();
  ASSERT_EQ(bridge("ADD", kConfig).exit_status, 0);
  ASSERT_EQ(plugin("bridge",
                   {{"CNI_COMMAND", "ADD"},
                    {"CNI_CONTAINERID", "c2"},
                    {"CNI_NETNS", "/run/netns/kept"},
                    {"CNI_IFNAME", "eth0"}},
                   kConfig)
                .exit_status,
            0);
  const std::string gc = std::regex_replace(
      std::string(kConfig), std::regex("^\\{\"cniVersion\": \"1.0.0\""),
      R"({"cniVersion": "1.1.0", "cni.dev/valid-attachments": [{"containerID": "c2", "ifname": "eth0"}])");

  const auto collected = plugin("bridge", {{"CNI_COMMAND", "GC"}}, gc);

  EXPECT_EQ(collected.exit_status, 0) << collected.out;
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
  EXPECT_EQ(run_in("kept", "ip link show eth0").exit_status, 0);
  EXPECT_EQ(run("ls /run/cni-state/networks/net/10.7.0.2").exit_status, 2);
  EXPECT_EQ(run("ls /run/cni-state/networks/net/10.7.0.3").exit_status, 0);
  EXPECT_THAT(run("nft list map inet netctl masquerade4").out,
              AllOf(HasSubstr("10.7.0.3"), testing::Not(HasSubstr("10.7.0.2 "))));
}

TEST_F(Plugins, BadInputIsOneErrorObjectAndChangesNothing) {
  expect_refused(bridge("ADD", "{ not json"), 6);
  expect_refused(bridge("ADD", ""), 6);
  expect_refused(bridge("ADD", R"({"cniVersion": "1.0.0", "type": "bridge"})"), 7);
  expect_refused(bridge("ADD", R"({"cniVersion": "9.9.9", "name": "net", "type": "bridge"})"), 1);
  expect_refused(bridge("NONSENSE", kConfig), 4);
  expect_refused(plugin("bridge", {{"CNI_COMMAND", "ADD"}}, kConfig), 4);
  expect_refused(bridge("ADD", R"({"cniVersion": "1.0.0", "name": "net", "vlan": 4095})"), 7);
  expect_refused(bridge("ADD", R"({"cniVersion": "1.0.0", "name": "net", "mtu": -1})"), 7);
}

TEST_F(Plugins, APublishedPortOutOfRangeIsOneErrorObjectThatNamesIt) {
  const auto refused = plugin("portmap",
                              {{"CNI_COMMAND", "ADD"},
                               {"CNI_CONTAINERID", "c1"},
                               {"CNI_NETNS", "/run/netns/web"},
                               {"CNI_IFNAME", "eth0"}},
                              R"({"cniVersion": "1.0.0", "name": "net", "prevResult": {},
      "runtimeConfig": {"portMappings": [{"hostPort": 70000, "containerPort": 80}]}})");
  expect_refused(refused, 7);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("hostPort"), HasSubstr("70000")));
}

TEST_F(Plugins, AFailureOfTheLastStepUndoesAllBeforeIt) {
  // Forwarding is switched on last, and cannot be where /proc/sys is read-only.
  sure("sysctl -qw net.ipv4.ip_forward=0");
  sure("mount --bind /proc/sys /proc/sys");
  sure("mount -o remount,ro,bind /proc/sys");

  const auto failed = bridge("ADD", kConfig);

  expect_refused(failed, 999);
  EXPECT_THAT(failed.out, HasSubstr("ip_forward"));
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
}

TEST_F(Plugins, AnotherOfTheNameIsNotTakenForOneThatCannotBeLookedAt) {
  environment["CNI_PATH"] = "/run/first:" + plugin_directory();
  sure("mkdir /run/first");
  sure(format("ln -s {}/bridge /run/first/bridge", plugin_directory()));
  const auto added = with_error("newfstatat", "EIO", "/run/first/bridge", "add bridge web");
  EXPECT_EQ(added.exit_status, 1);
  EXPECT_THAT(added.err, HasSubstr("look at /run/first/bridge: Input/output error"));
  EXPECT_EQ(host_state(), before_);
}

}  // namespace
}  // namespace netctl::test

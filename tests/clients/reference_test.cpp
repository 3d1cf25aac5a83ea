// The reference plugins and ours together: each as the other's IPAM plugin, one's attachment
// detached by the other on the same store, and our portmap behind their bridge.
#include <unistd.h>

#include <regex>

#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kReference = "/usr/lib/cni";

class ReferencePlugins : public Calls, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    if (::access((std::string(kReference) + "/bridge").c_str(), X_OK) != 0) {
      GTEST_SKIP() << "needs the reference plugins: apt-get install containernetworking-plugins";
    }
    environment.erase("NETCTL_CNI_STATE_DIR");  // they know only their own directory
    sure("netctl ns add a");
    sure("netctl ns add b");
    sure("sysctl -qw net.ipv4.ip_forward=1");
  }

  // A plugin from one directory, which finds its IPAM plugin in another.
  sys::Finished call_from(const std::string& directory, const std::string& ipam_directory,
                          const std::string& command, const Target& target,
                          const std::string& config) {
    auto variables = environment;
    variables["CNI_COMMAND"] = command;
    variables["CNI_CONTAINERID"] = target.container;
    variables["CNI_NETNS"] = "/run/netns/" + target.netns;
    variables["CNI_IFNAME"] = target.ifname;
    variables["CNI_PATH"] = ipam_directory;
    std::vector<std::string> list;
    for (const auto& [name, value] : variables) list.push_back(name + "=" + value);
    return *sys::run_program(directory + "/bridge", {"bridge"}, list, config);
  }
  sys::Finished ours(const std::string& command, const Target& target,
                     const std::string& more = "") {
    return call_from(plugin_directory(), plugin_directory(), command, target, config(more));
  }
  sys::Finished theirs(const std::string& command, const Target& target,
                       const std::string& more = "") {
    return call_from(kReference, kReference, command, target, config(more));
  }

  std::string config(const std::string& prev_result = "") const {
    const std::string text =
        format(R"({{"cniVersion": "{}", "name": "net", "type": "bridge", "bridge": "cni7",
          "isDefaultGateway": true, "ipam": {{"type": "host-local", "subnet": "10.7.0.0/24"}}}})",
               GetParam());
    return prev_result.empty() ? text : with_member(text, "prevResult", prev_result);
  }
  bool has_check() const { return std::string_view(GetParam()) >= "0.4.0"; }

  // Addresses that are reserved.
  std::string store() { return run("find /var/lib/cni/networks/net -name 10.*").out; }

  // A whole life, the bridge of one and the host-local of the other.
  void expect_life(const std::string& bridge, const std::string& ipam) {
    const auto added = call_from(bridge, ipam, "ADD", kA, config());
    ASSERT_EQ(added.exit_status, 0) << added.out << added.err;
    EXPECT_THAT(added.out, HasSubstr("\"10.7.0.2/24\""));
    EXPECT_EQ(store(), "/var/lib/cni/networks/net/10.7.0.2\n");
    EXPECT_EQ(address_in("a", "eth0"), "10.7.0.2");
    if (has_check()) {
      EXPECT_THAT(call_from(bridge, ipam, "CHECK", kA, config(added.out)), IsSilentSuccess());
    }
    EXPECT_THAT(call_from(bridge, ipam, "DEL", kA, config(added.out)), IsSilentSuccess());
    expect_detached();
  }

  void expect_detached() {
    EXPECT_THAT(store(), IsEmpty());
    EXPECT_EQ(run_in("a", "ip link show eth0").exit_status, 1);
  }

  const Target kA{.container = "a", .netns = "a"};
  const Target kB{.container = "b", .netns = "b"};
};

TEST_P(ReferencePlugins, TheirBridgeTakesOurAddresses) {
  expect_life(kReference, plugin_directory());
}

TEST_P(ReferencePlugins, OurBridgeTakesTheirAddresses) {
  expect_life(plugin_directory(), kReference);
}

TEST_P(ReferencePlugins, WhatTheyAttachedWeCheckAndDetach) {
  const auto added = theirs("ADD", kA);
  ASSERT_EQ(added.exit_status, 0) << added.out << added.err;

  if (has_check()) {
    EXPECT_THAT(ours("CHECK", kA, added.out), IsSilentSuccess());
  }
  EXPECT_THAT(ours("DEL", kA, added.out), IsSilentSuccess());

  expect_detached();
  EXPECT_EQ(run("ip link show cni7").exit_status, 0);  // their bridge is not ours to remove
}

TEST_P(ReferencePlugins, WhatWeAttachedTheyDetach) {
  const auto added = ours("ADD", kA);
  ASSERT_EQ(added.exit_status, 0) << added.out << added.err;

  if (has_check()) {
    EXPECT_THAT(theirs("CHECK", kA, added.out), IsSilentSuccess());
  }
  EXPECT_THAT(theirs("DEL", kA, added.out), IsSilentSuccess());

  expect_detached();
}

TEST_P(ReferencePlugins, BothAttachToOneBridgeAndReachEachOther) {
  ASSERT_EQ(theirs("ADD", kA).exit_status, 0);
  const auto added = ours("ADD", kB);
  ASSERT_EQ(added.exit_status, 0) << added.out;
  EXPECT_EQ(address_in("b", "eth0"), "10.7.0.3");

  Server server("b", 80);
  EXPECT_EQ(ask("a", "10.7.0.3", 80, server), "10.7.0.2");
}

TEST_P(ReferencePlugins, OurPortmapPublishesBehindTheirBridge) {
  const auto added = theirs("ADD", kA);
  ASSERT_EQ(added.exit_status, 0) << added.out << added.err;
  const std::string portmap =
      with_member(format(R"({{"cniVersion": "{}", "name": "net", "type": "portmap", "runtimeConfig":
        {{"portMappings": [{{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}}]}}}})",
                         GetParam()),
                  "prevResult", added.out);

  add("portmap", kA, portmap);

  Server server("a", 80);
  EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "10.7.0.1");
  if (has_check()) {
    EXPECT_THAT(call("portmap", "CHECK", kA, portmap), IsSilentSuccess());
  }
  EXPECT_THAT(call("portmap", "DEL", kA, portmap), IsSilentSuccess());
  EXPECT_EQ(run("nft list ruleset").out, "");
}

INSTANTIATE_TEST_SUITE_P(Each, ReferencePlugins, testing::Values("0.3.1", "0.4.0", "1.0.0"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           return std::regex_replace(tested.param, std::regex("\\."), "_");
                         });

}  // namespace
}  // namespace netctl::test

// STATUS says in words why an ADD could not be served, and leaves no trace.
#include "tests/support/calls.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kBridge = R"({"cniVersion": "1.1.0", "name": "net", "type": "bridge",
  "bridge": "cni7", "ipMasq": true, "mtu": 1400,
  "ipam": {"type": "host-local", "subnet": "10.7.0.0/30"}})";
constexpr const char* kPortmap = R"({"cniVersion": "1.1.0", "name": "net", "type": "portmap"})";

class PluginStatus : public Calls {
 protected:
  sys::Finished status(const std::string& type, const std::string& config) {
    return plugin(type, {{"CNI_COMMAND", "STATUS"}}, config);
  }
};

TEST_F(PluginStatus, OfAHostThatCanIsASuccessThatLeavesNoTrace) {
  const std::string before = host_state();

  EXPECT_THAT(status("bridge", kBridge), IsSilentSuccess());
  EXPECT_THAT(status("portmap", kPortmap), IsSilentSuccess());

  EXPECT_EQ(host_state(), before);
}

TEST_F(PluginStatus, NamesTheRangeThatIsFullAsTheIpamPluginDoes) {
  sure("netctl ns add web");
  add("bridge", {.container = "c1", .netns = "web"}, kBridge);

  EXPECT_THAT(status("bridge", kBridge), Refuses(50, HasSubstr("no IP addresses available")));
}

TEST_F(PluginStatus, NamesAnInterfaceThatHasTheBridgesName) {
  sure("ip link add cni7 type veth peer name other");

  EXPECT_THAT(status("bridge", kBridge),
              Refuses(50, AllOf(HasSubstr("cni7"), HasSubstr("not a bridge"))));
}

TEST_F(PluginStatus, TellsAllThatIsWrongAtOnce) {
  sure("ip link add cni7 type veth peer name other");
  const std::string config = with_member(
      R"({"cniVersion": "1.1.0", "name": "net", "bridge": "cni7"})", "ipam", R"({"type": "gone"})");

  EXPECT_THAT(status("bridge", config),
              Refuses(50, AllOf(HasSubstr("not a bridge"),
                                HasSubstr("failed to find plugin \\\"gone\\\" in path"))));
}

TEST_F(PluginStatus, OfATableThatLostAPartSaysThatContainersSufferToo) {
  sure("netctl ns add web");
  const Target target{.container = "c1", .netns = "web"};
  add("bridge", target, R"({"cniVersion": "1.1.0", "name": "wide", "bridge": "cni7", "ipMasq": true,
      "ipam": {"type": "host-local", "subnet": "10.8.0.0/24"}})");
  sure("nft delete chain inet netctl raw");

  for (const auto& [type, config] : {std::pair("bridge", kBridge), {"portmap", kPortmap}}) {
    SCOPED_TRACE(type);
    EXPECT_THAT(status(type, config),
                Refuses(51, HasSubstr("table inet netctl has lost chain raw")));
  }
}

TEST_F(PluginStatus, OfABridgeThatDoesNotMasqueradeAsksNothingOfTheFirewall) {
  sure("nft add table inet netctl");

  EXPECT_THAT(status("bridge", R"({"cniVersion": "1.1.0", "name": "net", "bridge": "cni7"})"),
              IsSilentSuccess());
}

TEST_F(PluginStatus, WithoutPrivilegeSaysWhatIsNeeded) {
  for (const char* type : {"bridge", "portmap"}) {
    SCOPED_TRACE(type);
    const sys::Finished finished =
        *sys::run_program("/usr/bin/setpriv",
                          {"setpriv", "--bounding-set", "-sys_admin,-net_admin", "--inh-caps",
                           "-sys_admin,-net_admin", plugin_directory() + "/" + type},
                          {"CNI_COMMAND=STATUS", "CNI_PATH=" + plugin_directory()},
                          type == std::string_view("bridge") ? kBridge : kPortmap);

    EXPECT_THAT(finished, Refuses(50, AllOf(HasSubstr("Operation not permitted"),
                                            HasSubstr("CAP_NET_ADMIN"))));
  }
}

}  // namespace
}  // namespace netctl::test

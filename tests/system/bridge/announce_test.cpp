// A container's network is in service when ADD returns: a former container's address leads to it at
// once, whether its neighbours are told or know it right already, and nobody else has its IPv6
// addresses if that was to be found out.
#include <regex>

#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAddresses[] = {"10.7.0.9", "fd07::9"};

std::string gateway_config(const std::string& more = "") {
  return format(R"({{"cniVersion": "1.0.0", "name": "net", "type": "bridge", "bridge": "cni7", {}
    "isDefaultGateway": true, "ipam": {{"type": "host-local",
    "ranges": [[{{"subnet": "10.7.0.0/24"}}], [{{"subnet": "fd07::/64"}}]]}}}})",
                more);
}
// The next container gets these addresses.
std::string config_of_nine() {
  return gateway_config(R"("args": {"cni": {"ips": ["10.7.0.9", "fd07::9"]}},)");
}

constexpr const char* kBogus = "02:00:00:00:00:99";

// One container has the addresses after the other.
class Succession : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    for (const char* name : {"old", "new", "client"}) sure(format("netctl ns add {}", name));
  }

  // What the client has of `address` is wrong.
  void mislead_client(const std::string& address) {
    const std::string line =
        format("ip neigh replace {} lladdr {} nud stale dev eth0", address, kBogus);
    ASSERT_EQ(run_in("client", line).exit_status, 0);
  }
  // The MAC address under which the client (or the host) knows an address.
  std::string known_as(const std::string& ns, const std::string& address) {
    const std::string line = "ip neigh show " + address;
    const std::string out = (ns.empty() ? run(line) : run_in(ns, line)).out;
    std::smatch match;
    return std::regex_search(out, match, std::regex("lladdr ([0-9a-f:]+)")) ? match[1] : out;
  }
  std::string mac_in(const std::string& ns) {
    const std::string out = run_in(ns, "ip link show eth0").out;
    return out.substr(out.find("link/ether ") + 11, 17);
  }

  const Target kClient{.container = "client", .netns = "client"};
  const Target kOld{.container = "old", .netns = "old"};
  const Target kNew{.container = "new", .netns = "new"};
};

class Announcement : public Succession {
 protected:
  // An administrator's bridge, which may lead out of the host.
  void SetUp() override {
    Succession::SetUp();
    if (IsSkipped()) return;
    sure("ip link add cni7 type bridge");
    add("bridge", kClient, gateway_config());
    add("bridge", kOld, config_of_nine());
  }
};

TEST_F(Announcement, ReplacesWhatTheNeighboursAndTheHostKnew) {
  {
    Server server("old", 80);
    for (const char* address : kAddresses) {
      ASSERT_NE(ask("client", address, 80, server), "");
      ASSERT_NE(ask("", address, 80, server), "");
    }
  }
  ASSERT_THAT(call("bridge", "DEL", kOld, gateway_config()), IsSilentSuccess());
  for (const char* address : kAddresses) ASSERT_NE(known_as("client", address), "");

  add("bridge", kNew, config_of_nine());

  for (const char* address : kAddresses) {
    EXPECT_EQ(known_as("client", address), mac_in("new"));
    EXPECT_EQ(known_as("", address), mac_in("new"));
  }
  Server server("new", 80);
  for (const char* address : kAddresses) EXPECT_NE(ask("client", address, 80, server), "");
}

// What ADD does when the bridge listens to the port. The kernel announces by itself when an
// interface comes up; whether that is heard depends on its version.
TEST_F(Announcement, IsMadeByTheKernelWhenTheMacAddressIsSetToWhatItIs) {
  for (const char* address : kAddresses) mislead_client(address);

  ASSERT_EQ(run_in("old", "ip link set eth0 address " + mac_in("old")).exit_status, 0);

  for (const char* address : kAddresses) EXPECT_EQ(known_as("client", address), mac_in("old"));
}

TEST_F(Announcement, ComesWhenTheBridgeListensToThePort) {
  add("bridge", kNew, gateway_config());

  EXPECT_THAT(run("bridge link show").out, Not(HasSubstr("state disabled")));
}

class OwnMacAddress : public Succession {
 protected:
  // A bridge that netctl makes.
  void SetUp() override {
    Succession::SetUp();
    if (IsSkipped()) return;
    add("bridge", kClient, gateway_config());
  }

  static constexpr const char* kOfNine = "0a:58:0a:07:00:09";
};

TEST_F(OwnMacAddress, IsThatOfTheIpv4AddressAndTheNextContainersToo) {
  for (const Target& target : {kOld, kNew}) {
    EXPECT_THAT(add("bridge", target, config_of_nine()), HasSubstr(kOfNine));
    EXPECT_EQ(mac_in(target.netns), kOfNine);
    Server server(target.netns, 80);
    for (const char* address : kAddresses) {
      EXPECT_NE(ask("client", address, 80, server), "");
      EXPECT_NE(ask("", address, 80, server), "");
    }
    ASSERT_THAT(call("bridge", "DEL", target, gateway_config()), IsSilentSuccess());
  }
}

TEST_F(OwnMacAddress, IsNotAnnouncedButTheIpv6AddressIs) {
  for (const char* address : kAddresses) mislead_client(address);

  add("bridge", kNew, config_of_nine());

  EXPECT_EQ(known_as("client", "10.7.0.9"), kBogus);
  EXPECT_EQ(known_as("client", "fd07::9"), kOfNine);
}

TEST_F(OwnMacAddress, GivesWayToOneThatIsAskedForWhichIsAnnounced) {
  for (const char* address : kAddresses) mislead_client(address);

  add("bridge", kNew,
      gateway_config(
          R"("args": {"cni": {"ips": ["10.7.0.9", "fd07::9"], "mac": "02:00:00:00:00:07"}},)"));

  for (const char* address : kAddresses) {
    EXPECT_EQ(known_as("client", address), "02:00:00:00:00:07");
  }
}

TEST_F(OwnMacAddress, IsNotGivenWhereTheGatewayIsElsewhere) {
  const std::string gateway = "\"isDefaultGateway\": true";
  std::string bridged = config_of_nine();
  bridged.replace(bridged.find(gateway), gateway.size(), "\"isGateway\": false");
  mislead_client("10.7.0.9");

  add("bridge", kNew, bridged);

  EXPECT_NE(mac_in("new"), kOfNine);
  EXPECT_EQ(known_as("client", "10.7.0.9"), mac_in("new"));
}

TEST_F(OwnMacAddress, ChangedByTuningIsAnnounced) {
  const std::string added = add("bridge", kNew, config_of_nine());
  ASSERT_EQ(known_as("client", "10.7.0.9"), "");
  mislead_client("10.7.0.9");

  add("tuning", kNew,
      format(R"({{"cniVersion": "1.0.0", "name": "net", "type": "tuning",
        "mac": "02:00:00:00:00:08", "prevResult": {}}})",
             added));

  EXPECT_EQ(known_as("client", "10.7.0.9"), "02:00:00:00:00:08");
}

class DuplicateDetection : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    for (const char* name : {"web", "client"}) sure(format("netctl ns add {}", name));
    add("bridge", {.container = "client", .netns = "client"}, gateway_config());
  }

  std::string parameter(const std::string& name) {
    return run_in("web", format("sysctl -n net.ipv6.conf.eth0.{}", name)).out;
  }

  const Target kWeb{.container = "web", .netns = "web"};
  const std::string kDetecting =
      gateway_config(R"("enabledad": true, "args": {"cni": {"ips": ["10.7.0.9", "fd07::9"]}},)");
};

TEST_F(DuplicateDetection, LetsAddReturnWhenTheAddressCanBeUsed) {
  add("bridge", kWeb, kDetecting);

  EXPECT_THAT(run_in("web", "ip -6 addr show eth0 scope global").out,
              AllOf(HasSubstr("fd07::9/64"), Not(HasSubstr("tentative")), Not(HasSubstr("nodad"))));
  EXPECT_EQ(parameter("accept_dad"), "1\n");
  EXPECT_EQ(parameter("enhanced_dad"), "1\n");
}

TEST_F(DuplicateDetection, RefusesAnAddressThatSomebodyHasAndLeavesNothing) {
  ASSERT_EQ(run_in("client", "ip addr add fd07::9/64 dev eth0 nodad").exit_status, 0);
  const std::string before = host_state();

  EXPECT_THAT(call("bridge", "ADD", kWeb, kDetecting),
              Refuses(999, HasSubstr("link eth0 has address fd07::9 in DADFAILED state")));

  EXPECT_EQ(host_state(), before);
}

TEST_F(DuplicateDetection, IsOffUnlessItIsAskedFor) {
  ASSERT_EQ(run_in("client", "ip addr add fd07::9/64 dev eth0 nodad").exit_status, 0);

  add("bridge", kWeb, config_of_nine());

  EXPECT_EQ(parameter("accept_dad"), "0\n");
}

}  // namespace
}  // namespace netctl::test

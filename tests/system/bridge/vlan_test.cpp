// "vlan", "vlanTrunk", "preserveDefaultVlan": who reaches whom on a bridge that filters by VLAN.
#include <thread>

#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

bool kernel_filters(const sys::Finished& made) { return made.exit_status == 0; }

// Two families on one network; its containers are on the bridge cni7.
std::string vlan_config(const std::string& more, const std::string& network = "net",
                        int subnet = 7) {
  return format(R"({{"cniVersion": "1.1.0", "name": "{1}", "type": "bridge", "bridge": "cni7", {0}
    "ipam": {{"type": "host-local",
    "ranges": [[{{"subnet": "10.{2}.0.0/24"}}], [{{"subnet": "fd0{2}::/64"}}]]}}}})",
                more, network, subnet);
}

std::string vlan(int id, const std::string& more = "") {
  return vlan_config(format(R"("vlan": {}, {})", id, more));
}

constexpr const char* kGateway = R"("isGateway": true,)";

Target in(const std::string& ns) { return {.container = ns, .netns = ns}; }

class BridgeVlan : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    const auto made = run("ip link add probe type bridge vlan_filtering 1");
    if (!kernel_filters(made)) {
      GTEST_SKIP() << "the kernel has no CONFIG_BRIDGE_VLAN_FILTERING; " << made.err;
    }
    sure("ip link delete probe");
    for (const char* name : {"web", "db", "other"}) sure(format("netctl ns add {}", name));
  }

  // Whether a question from one namespace comes to another's address and back, in both families;
  // the last part of the address is the same in both.
  bool reaches(const std::string& from, const std::string& to, int host, int subnet = 7) {
    Server server(to, 80);
    const bool four = !ask(from, format("10.{}.0.{}", subnet, host), 80, server).empty();
    const bool six = !ask(from, format("fd0{}::{}", subnet, host), 80, server).empty();
    EXPECT_EQ(four, six) << "one family only";
    return four && six;
  }
  bool exists(const std::string& device) {
    return run("ip link show dev " + device).exit_status == 0;
  }
  // The port of a container in the network "net".
  std::string port_of(const std::string& ns) {
    const std::string links = run("ip -o link show type veth").out;
    const auto alias = links.find(format("alias net/{}/eth0", ns));
    const auto line = links.rfind('\n', alias);
    const auto name = links.find("veth", line == std::string::npos ? 0 : line);
    return links.substr(name, links.find_first_of("@:", name) - name);
  }
  std::string vlans_of(const std::string& port) {
    return run("bridge -compressvlans vlan show dev " + port).out;
  }
  sys::Finished check(const std::string& ns, const std::string& config, const std::string& result) {
    return call("bridge", "CHECK", in(ns), with_member(config, "prevResult", result));
  }
};

TEST_F(BridgeVlan, ContainersOfOneVlanReachEachOtherAndThoseOfTwoDoNot) {
  add("bridge", in("web"), vlan(100));
  add("bridge", in("db"), vlan(100));
  add("bridge", in("other"), vlan(200));

  EXPECT_TRUE(reaches("web", "db", 3));
  EXPECT_TRUE(reaches("db", "web", 2));
  EXPECT_FALSE(reaches("web", "other", 4));
  EXPECT_FALSE(reaches("other", "web", 2));
}

TEST_F(BridgeVlan, AContainerIsNotInTheVlanOfThoseWithoutOne) {
  add("bridge", in("web"), vlan(100));
  add("bridge", in("db"), vlan_config(""));
  add("bridge", in("other"), vlan_config(""));

  EXPECT_FALSE(reaches("web", "db", 3));
  EXPECT_FALSE(reaches("db", "web", 2));
  EXPECT_TRUE(reaches("db", "other", 4));
}

TEST_F(BridgeVlan, ATrunkPortSeesTheTaggedFramesOfItsVlansAndNoOthers) {
  add("bridge", in("web"), vlan(100));
  add("bridge", in("db"), vlan(300));
  add("bridge", in("other"),
      vlan_config(R"("vlanTrunk": [{"minID": 50, "maxID": 150}, {"id": 200}],)", "trunk", 8));
  for (const int id : {100, 300}) {
    for (const std::string& line :
         {format("ip link add link eth0 name eth0.{} type vlan id {}", id, id),
          format("ip addr add 10.7.0.{}/24 dev eth0.{}", id == 100 ? 100 : 30, id),
          format("ip addr add fd07::{}/64 dev eth0.{} nodad", id == 100 ? 100 : 30, id),
          format("ip link set eth0.{} up", id)}) {
      ASSERT_EQ(run_in("other", line).exit_status, 0) << line;
    }
  }

  EXPECT_TRUE(reaches("web", "other", 100));
  EXPECT_FALSE(reaches("db", "other", 30)) << "VLAN 300 is not of the trunk";
}

TEST_F(BridgeVlan, WhatATrunkPortSendsWithoutATagIsInVlan1OrInItsVlan) {
  add("bridge", in("web"), vlan_config(R"("vlanTrunk": [{"minID": 50, "maxID": 150}],)"));
  add("bridge", in("db"), vlan_config(""));
  add("bridge", in("other"),
      vlan_config(R"("vlan": 9, "vlanTrunk": [{"minID": 5, "maxID": 15}],)"));

  EXPECT_TRUE(reaches("web", "db", 3));
  EXPECT_FALSE(reaches("other", "db", 3));
  EXPECT_THAT(vlans_of(port_of("web")),
              AllOf(HasSubstr("1 PVID Egress Untagged"), HasSubstr("50-150\n")));
  EXPECT_THAT(vlans_of(port_of("other")),
              AllOf(HasSubstr("5-8\n"), HasSubstr("10-15\n"), HasSubstr("9 PVID Egress Untagged")));
}

TEST_F(BridgeVlan, TheDefaultVlanStaysWhereItIsToBePreserved) {
  add("bridge", in("web"), vlan(100));
  add("bridge", in("db"), vlan(100, R"("preserveDefaultVlan": true,)"));

  EXPECT_THAT(vlans_of(port_of("web")),
              AllOf(HasSubstr("100 PVID Egress Untagged"), Not(HasSubstr("1 Egress"))));
  EXPECT_THAT(vlans_of(port_of("db")),
              AllOf(HasSubstr("100 PVID Egress Untagged"), HasSubstr("1 Egress Untagged")));
}

TEST_F(BridgeVlan, TheGatewayOfAVlanAnswersAndIsTheFourthInterfaceOfTheResult) {
  const std::string result = add("bridge", in("web"), vlan(100, kGateway));
  add("bridge", in("other"), vlan_config(R"("vlan": 200, "isGateway": true,)", "two", 8));

  EXPECT_TRUE(reaches("web", "", 1));
  EXPECT_TRUE(reaches("other", "", 1, 8));
  EXPECT_TRUE(reaches("", "web", 2));
  EXPECT_EQ(address_in("", "cni7.100"), "10.7.0.1");
  EXPECT_EQ(address_in("", "cni7.100", true), "fd07::1");
  EXPECT_EQ(address_in("", "cni7.200"), "10.8.0.1");
  EXPECT_EQ(address_in("", "cni7"), "");
  const auto fourth = result.find("\"name\": \"cni7.100\"");
  ASSERT_NE(fourth, std::string::npos) << result;
  EXPECT_LT(result.find("\"name\": \"eth0\""), fourth);
}

TEST_F(BridgeVlan, ABridgeOfOursBeginsToFilterAndItsContainersSeeNoDifference) {
  add("bridge", in("db"), vlan_config(kGateway));
  add("bridge", in("other"), vlan_config(kGateway));
  const std::string mac = run("cat /sys/class/net/cni7/address").out;

  add("bridge", in("web"), vlan_config(R"("vlan": 100, "isGateway": true,)", "two", 8));

  EXPECT_THAT(run("ip -d link show cni7").out, HasSubstr("vlan_filtering 1"));
  EXPECT_TRUE(reaches("db", "other", 3));
  EXPECT_TRUE(reaches("db", "", 1));
  EXPECT_TRUE(reaches("web", "", 1, 8));
}

TEST_F(BridgeVlan, AnAdministratorsBridgeIsUsedWhereItFiltersAndRefusedInWordsWhereItDoesNot) {
  sure("ip link add cni7 type bridge");
  sure("ip link set cni7 up");
  const std::string before = host_state();

  EXPECT_THAT(call("bridge", "ADD", in("web"), vlan(100, kGateway)),
              Refuses(999, AllOf(HasSubstr("does not filter by VLAN"),
                                 HasSubstr("ip link set cni7 type bridge vlan_filtering 1"))));
  EXPECT_THAT(plugin("bridge", {{"CNI_COMMAND", "STATUS"}}, vlan(100)),
              Refuses(50, HasSubstr("does not filter by VLAN")));
  EXPECT_EQ(host_state(), before);
  EXPECT_THAT(run("ip -d link show cni7").out, HasSubstr("vlan_filtering 0"));

  sure("ip link set cni7 type bridge vlan_filtering 1");
  EXPECT_THAT(plugin("bridge", {{"CNI_COMMAND", "STATUS"}}, vlan(100)), IsSilentSuccess());
  add("bridge", in("web"), vlan(100, kGateway));
  EXPECT_TRUE(reaches("web", "", 1));

  EXPECT_THAT(call("bridge", "DEL", in("web"), vlan(100, kGateway)), IsSilentSuccess());
  EXPECT_TRUE(exists("cni7"));
  EXPECT_FALSE(exists("cni7.100")) << "ours, and nobody uses it";
}

TEST_F(BridgeVlan, TheGatewayGoesWithItsLastUserAndTheBridgeWithItsLastPort) {
  const std::string before = host_state();
  const std::string one = vlan(100, kGateway);
  const std::string two = vlan_config(R"("vlan": 200, "isGateway": true,)", "two", 8);
  add("bridge", in("web"), one);
  add("bridge", in("db"), one);
  add("bridge", in("other"), two);

  EXPECT_THAT(call("bridge", "DEL", in("web"), one), IsSilentSuccess());
  EXPECT_TRUE(exists("cni7.100"));
  EXPECT_THAT(call("bridge", "DEL", in("db"), one), IsSilentSuccess());
  EXPECT_FALSE(exists("cni7.100"));
  EXPECT_TRUE(exists("cni7.200"));
  // The config of another VLAN: what there is counts.
  EXPECT_THAT(call("bridge", "DEL", in("other"), vlan_config("", "two", 8)), IsSilentSuccess());
  EXPECT_EQ(host_state(), before);
}

TEST_F(BridgeVlan, GcRemovesTheGatewayThatNobodyUsesAnyMore) {
  const std::string before = host_state();
  add("bridge", in("web"), vlan(100, kGateway));

  EXPECT_THAT(plugin("bridge", {{"CNI_COMMAND", "GC"}},
                     with_member(vlan(100), "cni.dev/valid-attachments", "[]")),
              IsSilentSuccess());
  EXPECT_EQ(host_state(), before);
}

TEST_F(BridgeVlan, ManyAtOnceShareOneGatewayAndTheLastOneTakesItAlong) {
  const std::string before = host_state();
  std::vector<std::string> all;
  for (int i = 0; i < 6; ++i) all.push_back(format("c{}", i));
  for (const std::string& name : all) sure("netctl ns add " + name);
  const auto at_once = [&](const std::string& command) {
    std::vector<std::thread> callers;
    for (const std::string& name : all) {
      callers.emplace_back([&, name] {
        const auto finished = call("bridge", command, in(name), vlan(100, kGateway));
        EXPECT_EQ(finished.exit_status, 0) << finished.out << finished.err;
      });
    }
    for (std::thread& caller : callers) caller.join();
  };

  at_once("ADD");
  for (const std::string& name : all) EXPECT_TRUE(reaches(name, "", 1)) << name;

  at_once("DEL");
  for (const std::string& name : all) sure("netctl ns rm " + name);
  EXPECT_EQ(host_state(), before);
}

TEST_F(BridgeVlan, TheGatewayOfALongNameHasAShorterOneAndWorks) {
  const auto long_named = [](const std::string& more) {
    return format(R"({{"cniVersion": "1.1.0", "name": "net", "type": "bridge", "vlan": 4094,
        "bridge": "nc-1a2b3c4d5e6f", {}
        "ipam": {{"type": "host-local", "subnet": "10.7.0.0/24"}}}})",
                  more);
  };
  const std::string before = host_state();
  const std::string result = add("bridge", in("web"), long_named(kGateway));

  Server server("", 80);
  EXPECT_EQ(ask("web", "10.7.0.1", 80, server), "10.7.0.2");
  EXPECT_THAT(result, HasSubstr(".4094\""));
  EXPECT_THAT(call("bridge", "DEL", in("web"), long_named(kGateway)), IsSilentSuccess());
  EXPECT_EQ(host_state(), before);
}

TEST_F(BridgeVlan, CheckTellsWhatBecameOfTheVlans) {
  const std::string with_gateway = vlan(100, kGateway);
  const std::string result = add("bridge", in("web"), with_gateway);
  EXPECT_THAT(check("web", with_gateway, result), IsSilentSuccess());
  const std::string port = port_of("web");

  sure(format("bridge vlan add vid 300 dev {}", port));
  EXPECT_THAT(check("web", with_gateway, result),
              Refuses(999, HasSubstr(format("VLANs of {} are 100 native untagged, 300, not 100 "
                                            "native untagged",
                                            port))));
  sure(format("bridge vlan del vid 300 dev {}", port));
  sure(format("bridge vlan del vid 100 dev {}", port));
  EXPECT_THAT(check("web", with_gateway, result),
              Refuses(999, HasSubstr("are none, not 100 native untagged")));
  sure(format("bridge vlan add vid 100 dev {} pvid untagged", port));
  EXPECT_THAT(check("web", with_gateway, result), IsSilentSuccess());

  sure("ip link set cni7 type bridge vlan_filtering 0");
  EXPECT_THAT(check("web", with_gateway, result),
              Refuses(999, HasSubstr("VLAN filtering of cni7 is off")));
  sure("ip link set cni7 type bridge vlan_filtering 1");
  sure("ip link delete cni7.100");
  EXPECT_THAT(check("web", with_gateway, result),
              Refuses(999, HasSubstr("there is no cni7.100, the gateway of VLAN 100")));
}

TEST_F(BridgeVlan, CheckLetsTheDefaultVlanBeWhereItIsPreserved) {
  const std::string preserving = vlan(100, R"("preserveDefaultVlan": true,)");
  const std::string result = add("bridge", in("web"), preserving);
  EXPECT_THAT(check("web", preserving, result), IsSilentSuccess());
}

TEST_F(BridgeVlan, TheNextAddMakesWholeWhatAKilledOneLeft) {
  add("bridge", in("web"), vlan(100, kGateway));
  const std::string links = run("ip -o link show master cni7").out;
  const auto gateway = links.find("@cni7.100");
  const auto name = links.rfind("veth", gateway);
  sure(format("bridge vlan del vid 100 dev {}", links.substr(name, gateway - name)));
  sure("ip link set cni7.100 down");
  ASSERT_FALSE(reaches("web", "", 1));
  // The question above is asked again only after a second, and what comes meanwhile waits with it.
  EXPECT_EQ(run_in("web", "ip neigh flush dev eth0").exit_status, 0);

  add("bridge", in("db"), vlan(100, kGateway));

  EXPECT_TRUE(reaches("web", "", 1));
  EXPECT_TRUE(reaches("db", "", 1));
}

TEST_F(BridgeVlan, ADeviceInTheGatewaysPlaceThatLeadsElsewhereIsRefused) {
  add("bridge", in("web"), vlan(100, kGateway));
  sure("ip link add cni8 type bridge");
  const std::string links = run("ip -o link show master cni7").out;
  const auto gateway = links.find("@cni7.100");
  const auto name = links.rfind("veth", gateway);
  sure(format("ip link set {} master cni8", links.substr(name, gateway - name)));

  EXPECT_THAT(call("bridge", "ADD", in("db"), vlan(100, kGateway)),
              Refuses(999, AllOf(HasSubstr("cni7.100 does not lead to bridge cni7"),
                                 HasSubstr("ip link delete cni7.100"))));
}

TEST_F(BridgeVlan, WhicheverMessageToTheKernelFailsNothingIsLeft) {
  add("bridge", in("db"), vlan_config(kGateway));
  const std::string before = host_state();

  // Not each of them, which takes seconds where it is emulated.
  const int failed = with_each_failing(
      {.call = "sendto", .error = "ENOBUFS", .step = 2}, "bridge", variables_of("ADD", in("web")),
      vlan_config(R"("vlan": 100, "isGateway": true, "vlanTrunk": [{"id": 7}],)", "two", 8),
      [&](const sys::Finished& added) {
        EXPECT_THAT(added, Refuses(999, HasSubstr("No buffer space")));
        EXPECT_EQ(host_state(), before);
        EXPECT_THAT(run("ip -d link show cni7").out, HasSubstr("vlan_filtering 0"));
      });
  EXPECT_GT(failed, 8) << "nothing was swept";
}

// The other way round: this host's kernel cannot.
class BridgeWithoutVlans : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    if (kernel_filters(run("ip link add probe type bridge vlan_filtering 1"))) {
      GTEST_SKIP() << "the kernel has CONFIG_BRIDGE_VLAN_FILTERING";
    }
    sure("netctl ns add web");
  }
};

TEST_F(BridgeWithoutVlans, StatusAndAddSayWhatTheKernelLacksAndNothingIsLeft) {
  const std::string before = host_state();
  for (const std::string& config : {vlan(100), vlan_config(R"("vlanTrunk": [{"id": 7}],)")}) {
    EXPECT_THAT(plugin("bridge", {{"CNI_COMMAND", "STATUS"}}, config),
                Refuses(50, HasSubstr("CONFIG_BRIDGE_VLAN_FILTERING")));
    EXPECT_THAT(call("bridge", "ADD", in("web"), config),
                Refuses(999, HasSubstr("CONFIG_BRIDGE_VLAN_FILTERING")));
    EXPECT_EQ(host_state(), before);
  }
}

TEST_F(BridgeWithoutVlans, AnAddOnABridgeOfOursSaysSoAndLeavesItAsItIs) {
  add("bridge", in("web"), vlan_config(kGateway));
  const std::string before = host_state();

  EXPECT_THAT(call("bridge", "ADD", {.container = "web", .netns = "web", .ifname = "eth1"},
                   vlan_config(R"("vlan": 100,)", "two", 8)),
              Refuses(999, HasSubstr("CONFIG_BRIDGE_VLAN_FILTERING")));
  EXPECT_EQ(host_state(), before);
}

}  // namespace
}  // namespace netctl::test

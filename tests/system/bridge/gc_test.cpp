// GC: two networks share a bridge; of one of them, some attachments are valid and some are not.
#include "runtime-core/nft/socket.hpp"
#include "tests/support/calls.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string bridge_config(const std::string& network, const std::string& subnet) {
  return format(R"({{"cniVersion": "1.1.0", "name": "{}", "type": "bridge", "bridge": "cni7",
    "isGateway": true, "forceAddress": true, "ipMasq": true,
    "ipam": {{"type": "host-local", "subnet": "{}"}}}})",
                network, subnet);
}

std::string portmap_config(const std::string& network, int port) {
  return format(R"({{"cniVersion": "1.1.0", "name": "{}", "type": "portmap", "runtimeConfig":
    {{"portMappings": [{{"hostPort": {}, "containerPort": 80}}]}}}})",
                network, port);
}

class Gc : public Calls {
 protected:
  void attach(const std::string& network, const std::string& subnet, const Target& target,
              int port) {
    const std::string result = add("bridge", target, bridge_config(network, subnet));
    add("portmap", target, with_member(portmap_config(network, port), "prevResult", result));
  }

  // Three containers of "red", one of "redder" on the same bridge; one has two interfaces.
  void attach_all() {
    for (const char* name : {"a", "b", "c", "d"}) sure(format("netctl ns add {}", name));
    attach("red", kRed, {.container = "a", .netns = "a"}, 8001);
    attach("red", kRed, {.container = "a", .netns = "a", .ifname = "eth1"}, 8002);
    attach("red", kRed, {.container = "b", .netns = "b"}, 8003);
    attach("red", kRed, {.container = "c", .netns = "c"}, 8004);
    attach("redder", kRedder, {.container = "d", .netns = "d"}, 8005);
  }

  sys::Finished gc(const std::string& type, const std::string& config) {
    return plugin(type, {{"CNI_COMMAND", "GC"}}, config);
  }

  std::string links() { return run("ip -o link").out; }
  std::string ruleset() { return run("nft -s list ruleset").out; }
  std::string store() { return run("ls -R /run/cni-state/networks").out; }

  const std::string kRed = "10.1.0.0/24";
  const std::string kRedder = "10.2.0.0/24";
};

// Each of the keys lists one that the other does not.
std::string with_valid(const std::string& config) {
  return with_member(with_member(config, "cni.dev/valid-attachments",
                                 R"([{"containerID": "a", "ifname": "eth0"}])"),
                     "cni.dev/attachments", R"([{"containerID": "b", "ifname": "eth0"}])");
}

TEST_F(Gc, RemovesAllThatHasNoValidOwnerAndNothingElse) {
  attach_all();

  EXPECT_THAT(gc("bridge", with_valid(bridge_config("red", kRed))), IsSilentSuccess());
  EXPECT_THAT(gc("portmap", with_valid(portmap_config("red", 1))), IsSilentSuccess());

  for (const std::string& there :
       {std::string("red/a/eth0"), std::string("red/b/eth0"), std::string("redder/d/eth0")}) {
    EXPECT_THAT(links(), HasSubstr("alias " + there));
    EXPECT_THAT(ruleset(), HasSubstr("comment \"" + there + "\""));
  }
  for (const std::string gone : {"red/a/eth1", "red/c/eth0"}) {
    EXPECT_THAT(links() + ruleset(), Not(HasSubstr(gone)));
  }
  // Of each that is left: a port, its hairpin, its masquerading, its address.
  EXPECT_THAT(run("nft list map inet netctl publish4_any").out,
              AllOf(HasSubstr("tcp . 8001"), HasSubstr("tcp . 8003"), HasSubstr("tcp . 8005"),
                    Not(HasSubstr("tcp . 8002")), Not(HasSubstr("tcp . 8004"))));
  for (const char* map : {"hairpin4", "masquerade4"}) {
    EXPECT_THAT(run(format("nft list map inet netctl {}", map)).out,
                AllOf(HasSubstr("10.1.0.2 "), HasSubstr("10.1.0.4 "), HasSubstr("10.2.0.2 "),
                      Not(HasSubstr("10.1.0.3 ")), Not(HasSubstr("10.1.0.5 "))))
        << map;
  }
  EXPECT_THAT(store(),
              AllOf(HasSubstr("10.1.0.2\n"), HasSubstr("10.1.0.4\n"), HasSubstr("10.2.0.2\n"),
                    Not(HasSubstr("10.1.0.3\n")), Not(HasSubstr("10.1.0.5\n"))));
}

TEST_F(Gc, OfAllLeavesTheSharedBridgeUntilNobodyUsesIt) {
  sure("sysctl -qw net.ipv4.ip_forward=1");
  const std::string before = host_state();
  attach_all();

  EXPECT_THAT(gc("portmap", portmap_config("red", 1)), IsSilentSuccess());
  EXPECT_THAT(gc("bridge", bridge_config("red", kRed)), IsSilentSuccess());
  EXPECT_THAT(links(), AllOf(HasSubstr("cni7"), HasSubstr("redder/d/eth0")));
  EXPECT_THAT(ruleset(), Not(HasSubstr("10.1.0.")));  // the network's chains are gone too

  EXPECT_THAT(gc("portmap", portmap_config("redder", 1)), IsSilentSuccess());
  EXPECT_THAT(gc("bridge", bridge_config("redder", kRedder)), IsSilentSuccess());
  for (const char* name : {"a", "b", "c", "d"}) sure(format("netctl ns rm {}", name));
  EXPECT_EQ(host_state(), before);
}

TEST_F(Gc, AFailingPartDoesNotKeepTheOthersFromBeingDone) {
  attach_all();
  const std::string config = bridge_config("red", kRed);
  // The IPAM plugin is not found.
  const sys::Finished finished =
      plugin("bridge", {{"CNI_COMMAND", "GC"}, {"CNI_PATH", "/nowhere"}}, config);

  EXPECT_THAT(finished, Refuses(999, HasSubstr("failed to find plugin")));
  EXPECT_THAT(links(), Not(HasSubstr("alias red/")));
  EXPECT_THAT(run("nft list map inet netctl masquerade4").out, Not(HasSubstr("\"red/")));
}

TEST_F(Gc, DoesNotMindAConfigThatOnlyAddWouldNeed) {
  attach_all();
  const std::string broken =
      R"("mtu": "big", "vlan": 7, "isGateway": 3, "dns": 5, "snat": 7, "runtimeConfig": 9,)";
  for (const auto& [type, config] : {std::pair("bridge", bridge_config("red", kRed)),
                                     {"portmap", R"({"cniVersion": "1.1.0", "name": "red"})"}}) {
    std::string with_problems = config;
    with_problems.insert(1, broken);
    EXPECT_THAT(gc(type, with_problems), IsSilentSuccess());
  }
  EXPECT_THAT(links(), Not(HasSubstr("alias red/")));
  EXPECT_THAT(ruleset(), Not(HasSubstr("\"red/")));
}

TEST_F(Gc, OfAListThatCannotBeReadRemovesNothing) {
  attach_all();
  const std::string before = host_state();
  for (const auto& [type, config] : {std::pair("bridge", bridge_config("red", kRed)),
                                     {"portmap", portmap_config("red", 1)},
                                     {"host-local", bridge_config("red", kRed)}}) {
    EXPECT_THAT(gc(type, with_member(config, "cni.dev/valid-attachments", R"([{"ifname": "e"}])")),
                Refuses(7, HasSubstr("containerID")));
  }
  EXPECT_EQ(host_state(), before);
}

TEST_F(Gc, TakesOneTransactionHoweverManyThereAre) {
  attach_all();
  auto nft = nft::Socket::open();
  ASSERT_TRUE(nft);
  const std::uint32_t before = *nft->generation();

  EXPECT_THAT(gc("portmap", portmap_config("red", 1)), IsSilentSuccess());

  EXPECT_EQ(*nft->generation(), before + 1);
}

}  // namespace
}  // namespace netctl::test

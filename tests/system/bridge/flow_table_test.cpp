// "flowTable": connections of TCP that the host forwards for a network go past its rules, once both
// sides have spoken; others do not, and nothing of it outlives the network.
#include <regex>

#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string flow_config(const std::string& more = R"("flowTable": true,)") {
  return format(R"({{"cniVersion": "1.1.0", "name": "net", "type": "bridge", "bridge": "cni7", {}
    "isDefaultGateway": true, "ipMasq": true, "ipam": {{"type": "host-local",
    "ranges": [[{{"subnet": "10.7.0.0/24"}}], [{{"subnet": "fd07::/64"}}]]}}}})",
                more);
}

std::string portmap(const std::string& prev_result) {
  return format(R"({{"cniVersion": "1.1.0", "name": "net", "type": "portmap", "prevResult": {},
    "runtimeConfig": {{"portMappings": [
      {{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}}]}}}})",
                prev_result);
}

const Target kWeb{.container = "web", .netns = "web"};

constexpr int kExchanges = 100;
// Those of the handshake and a few more, until both directions are in the table.
constexpr int kFew = 20;

class FlowTables : public Calls {
 protected:
  bool kernel_has_them() {
    sure("nft add table inet probe");
    const bool has =
        run("nft add flowtable inet probe f { hook ingress priority 0 ; }").exit_status == 0;
    sure("nft delete table inet probe");
    return has;
  }
};

class FlowTable : public FlowTables {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    if (!kernel_has_them()) GTEST_SKIP() << "the kernel has no CONFIG_NF_FLOW_TABLE_INET";
    sure("netctl ns add web");
    connect_client();
    sure("ip route add default via 198.51.100.2");
    sure("ip route add default via fd99::2");
    sure("nft add table inet watch");
    sure("nft add chain inet watch forward { type filter hook forward priority -10 ; }");
    sure("nft add rule inet watch forward counter");
  }

  int forwarded() {
    const std::string out = run("nft list chain inet watch forward").out;
    std::smatch match;
    EXPECT_TRUE(std::regex_search(out, match, std::regex("packets ([0-9]+)"))) << out;
    return std::stoi(match[1]);
  }
  // How many packets of these many exchanges the rules saw.
  int seen(Conversation& conversation) {
    const int before = forwarded();
    EXPECT_TRUE(conversation.exchange(kExchanges));
    return forwarded() - before;
  }
  std::string table() { return run("nft list table inet netctl-flows").out; }
};

TEST_F(FlowTable, WithoutItTheRulesSeeAllPackets) {
  add("bridge", kWeb, flow_config(""));
  Server server("client", 80);
  Conversation conversation("web", "198.51.100.2", 80, server);

  EXPECT_GE(seen(conversation), 2 * kExchanges);
  EXPECT_EQ(table(), "");
}

TEST_F(FlowTable, ConnectionsOfAContainerGoPastTheRulesInBothFamilies) {
  add("bridge", kWeb, flow_config());
  Server server("client", 80);
  for (const char* address : {"198.51.100.2", "fd99::2"}) {
    Conversation conversation("web", address, 80, server);
    EXPECT_LT(seen(conversation), kFew) << address;
  }
}

TEST_F(FlowTable, ConnectionsToAPublishedPortDoToo) {
  add("portmap", kWeb, portmap(add("bridge", kWeb, flow_config())));
  Server server("web", 80);
  Conversation conversation("client", "198.51.100.1", 8080, server);

  EXPECT_LT(seen(conversation), kFew);
}

TEST_F(FlowTable, UdpDoesNot) {
  add("bridge", kWeb, flow_config());
  Server server("client", 53, Transport::Udp);
  ASSERT_NE(ask("web", "198.51.100.2", 53, server), "");

  EXPECT_THAT(table(), HasSubstr("meta l4proto tcp"));
  EXPECT_THAT(table(), Not(HasSubstr("udp")));
}

TEST_F(FlowTable, ADelWithAConnectionUnderWayEndsAllOfIt) {
  const std::string result = add("portmap", kWeb, portmap(add("bridge", kWeb, flow_config())));
  Server server("web", 80);
  Conversation conversation("client", "198.51.100.1", 8080, server);
  ASSERT_TRUE(conversation.exchange(kFew));

  EXPECT_THAT(call("portmap", "DEL", kWeb, portmap(result)), IsSilentSuccess());
  EXPECT_THAT(call("bridge", "DEL", kWeb, flow_config()), IsSilentSuccess());

  EXPECT_EQ(table(), "");
  EXPECT_FALSE(conversation.exchange(1));
}

TEST_F(FlowTable, StaysUntilTheLastContainerGoes) {
  sure("netctl ns add db");
  const Target db{.container = "db", .netns = "db"};
  add("bridge", kWeb, flow_config());
  add("bridge", db, flow_config());

  ASSERT_THAT(call("bridge", "DEL", kWeb, flow_config()), IsSilentSuccess());
  EXPECT_THAT(table(), AllOf(HasSubstr("\"cni7\" comment \"bridge cni7\""), HasSubstr("eth9")));
  ASSERT_THAT(call("bridge", "DEL", db, flow_config()), IsSilentSuccess());
  EXPECT_EQ(table(), "");
}

TEST_F(FlowTable, IsPutBackWithItsDevicesByReload) {
  const std::string result = add("bridge", kWeb, flow_config());
  const std::string before = table();
  const std::string check = with_member(flow_config(), "prevResult", result);
  ASSERT_THAT(call("bridge", "CHECK", kWeb, check), IsSilentSuccess());

  sure("nft delete table inet netctl-flows");
  EXPECT_THAT(call("bridge", "CHECK", kWeb, check),
              Refuses(999, HasSubstr(R"(bridges { \"cni7\" } is missing)")));
  ASSERT_EQ(run("netctl reload").exit_status, 0);

  EXPECT_EQ(table(), before);
  EXPECT_THAT(before, AllOf(HasSubstr("cni7"), HasSubstr("eth9")));
}

// The other way round: this host's kernel has none.
TEST_F(FlowTables, StatusAndAddSayThatTheKernelHasNoneAndNothingIsLeft) {
  if (kernel_has_them()) GTEST_SKIP() << "the kernel has CONFIG_NF_FLOW_TABLE_INET";
  sure("netctl ns add web");
  const std::string before = host_state();

  EXPECT_THAT(plugin("bridge", {{"CNI_COMMAND", "STATUS"}}, flow_config()),
              Refuses(50, HasSubstr("CONFIG_NF_FLOW_TABLE_INET")));
  EXPECT_THAT(call("bridge", "ADD", kWeb, flow_config()),
              Refuses(999, HasSubstr("CONFIG_NF_FLOW_TABLE_INET")));
  EXPECT_EQ(host_state(), before);
}

TEST_F(FlowTables, IsRefusedWhereTheHostDoesNotForward) {
  sure("netctl ns add web");
  std::string bridged = flow_config();
  bridged.replace(bridged.find("isDefaultGateway"), 16, "isNothing");

  EXPECT_THAT(call("bridge", "ADD", kWeb, bridged), Refuses(7, HasSubstr("flowTable is for")));
}

}  // namespace
}  // namespace netctl::test

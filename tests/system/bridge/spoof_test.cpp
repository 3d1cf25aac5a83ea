// "macspoofchk": a container is heard under its own MAC address only.
#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kMac = "02:00:00:00:00:11";

std::string spoof_config(const std::string& more = R"("macspoofchk": true,)") {
  return format(R"({{"cniVersion": "1.1.0", "name": "net", "type": "bridge", "bridge": "cni7", {}
    "isGateway": true, "ipam": {{"type": "host-local",
    "ranges": [[{{"subnet": "10.7.0.0/24"}}], [{{"subnet": "fd07::/64"}}]]}}}})",
                more);
}

class SpoofCheck : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    for (const char* name : {"web", "other"}) sure(format("netctl ns add {}", name));
  }

  std::string add_web() {
    return add("bridge", kWeb,
               with_member(spoof_config(), "runtimeConfig", format(R"({{"mac": "{}"}})", kMac)));
  }
  std::string add_other() { return add("bridge", kOther, spoof_config("")); }
  void become(const std::string& ns, const std::string& mac) {
    ASSERT_EQ(run_in(ns, "ip link set eth0 address " + mac).exit_status, 0);
  }
  // Whether what a container sends comes to the host and back, in both families.
  bool is_heard(const std::string& ns) {
    Server server("", 80);
    const bool four = !ask(ns, "10.7.0.1", 80, server).empty();
    const bool six = !ask(ns, "fd07::1", 80, server).empty();
    EXPECT_EQ(four, six);
    return four && six;
  }
  std::string ruleset() { return run("nft -s list ruleset").out; }

  const Target kWeb{.container = "c1", .netns = "web"};
  const Target kOther{.container = "c2", .netns = "other"};
};

TEST_F(SpoofCheck, AContainerIsHeardUnderItsOwnAddressOnly) {
  add_web();
  EXPECT_TRUE(is_heard("web"));

  become("web", "02:00:00:00:00:99");
  EXPECT_FALSE(is_heard("web"));

  become("web", kMac);
  EXPECT_TRUE(is_heard("web"));
}

TEST_F(SpoofCheck, ItCannotTakeANeighboursAddress) {
  add_web();
  add_other();
  ASSERT_TRUE(is_heard("other"));
  const std::string link = run_in("other", "ip link show eth0").out;

  become("web", link.substr(link.find("link/ether ") + 11, 17));
  EXPECT_FALSE(is_heard("web"));

  EXPECT_TRUE(is_heard("other"));
}

TEST_F(SpoofCheck, IsNoMatterOfTheOthersOnTheBridge) {
  add_web();
  add_other();

  become("other", "02:00:00:00:00:99");

  EXPECT_TRUE(is_heard("other"));
}

TEST_F(SpoofCheck, IsOneRuleForAll) {
  add_web();
  add("bridge", kOther, spoof_config());

  const std::string table = run("nft list table bridge netctl").out;

  const std::string rule = "iifname @guarded iifname . ether saddr != @allowed drop";
  ASSERT_THAT(table, HasSubstr(rule));
  EXPECT_EQ(table.find(rule), table.rfind("drop") + 4 - rule.size());
  EXPECT_THAT(table, AllOf(HasSubstr("02:00:00:00:00:11 comment \"net/c1/eth0\""),
                           HasSubstr("comment \"net/c2/eth0\"")));
}

TEST_F(SpoofCheck, GoesWithTheContainerAlsoWhenItsNamespaceIsGone) {
  add_web();
  add("bridge", kOther, spoof_config());
  sure("netctl ns rm web");

  EXPECT_THAT(call("bridge", "DEL", {.container = "c1"}, spoof_config("")), IsSilentSuccess());
  EXPECT_THAT(ruleset(), AllOf(Not(HasSubstr("net/c1/eth0")), HasSubstr("net/c2/eth0")));

  EXPECT_THAT(call("bridge", "DEL", kOther, spoof_config()), IsSilentSuccess());
  EXPECT_THAT(ruleset(), Not(HasSubstr("table")));
}

TEST_F(SpoofCheck, OfAnAttachmentThatIsNotValidGoesWithGc) {
  add_web();
  add("bridge", kOther, spoof_config());

  EXPECT_THAT(plugin("bridge", {{"CNI_COMMAND", "GC"}},
                     with_member(spoof_config(), "cni.dev/valid-attachments",
                                 R"([{"containerID": "c2", "ifname": "eth0"}])")),
              IsSilentSuccess());

  EXPECT_THAT(ruleset(), AllOf(Not(HasSubstr("net/c1/eth0")), HasSubstr("net/c2/eth0")));
}

TEST_F(SpoofCheck, OfAnAddThatFailsIsNotLeftBehind) {
  const std::string before = host_state();
  std::string broken = spoof_config();
  broken.insert(broken.find("\"ranges\""),
                R"("routes": [{"dst": "10.99.0.0/16", "gw": "10.98.0.1"}],)");

  EXPECT_THAT(call("bridge", "ADD", kWeb, broken), Refuses(999, HasSubstr("10.98.0.1")));

  EXPECT_EQ(host_state(), before);
}

TEST_F(SpoofCheck, ThatIsMissingIsToldByCheck) {
  const std::string checked = with_member(spoof_config(), "prevResult", add_web());
  EXPECT_THAT(call("bridge", "CHECK", kWeb, checked), IsSilentSuccess());

  sure("nft flush set bridge netctl allowed");
  EXPECT_THAT(call("bridge", "CHECK", kWeb, checked),
              Refuses(999, AllOf(HasSubstr("1 difference"), HasSubstr("allowed { \\\"veth"),
                                 HasSubstr("02:00:00:00:00:11 } is missing"))));

  sure("nft delete table bridge netctl");
  EXPECT_THAT(call("bridge", "CHECK", kWeb, checked), Refuses(999, HasSubstr("2 differences")));
}

TEST_F(SpoofCheck, IsTriedOutByStatus) {
  const std::string before = host_state();
  EXPECT_THAT(plugin("bridge", {{"CNI_COMMAND", "STATUS"}}, spoof_config()), IsSilentSuccess());
  EXPECT_EQ(host_state(), before);
}

}  // namespace
}  // namespace netctl::test

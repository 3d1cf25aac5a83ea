// Hosts whose iptables drops what it does not know, as Docker leaves them: both variants of it.
#include <unistd.h>

#include <chrono>
#include <csignal>

#include <gmock/gmock.h>

#include "tests/support/background.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kReference = "/usr/lib/cni/firewall";

class Iptables : public Calls, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    if (run(iptables(4, "-S")).exit_status != 0) GTEST_SKIP() << "needs iptables, or the kernel's";
    connect_client();
  }

  // Its command line for a family.
  std::string iptables(int version, const std::string& arguments) {
    return format("ip{}tables-{} {}", version == 6 ? "6" : "", GetParam(), arguments);
  }
  void everywhere(const std::string& arguments) {
    for (const int version : {4, 6}) sure(iptables(version, arguments));
  }
  std::string rules() { return sure(iptables(4, "-S")) + "\n" + sure(iptables(6, "-S")); }

  // Network NAME with 10.NUMBER.0.0/24 and fd0NUMBER::/64; with firewall when `keys` are given.
  void network(const std::string& name, int number, const std::string& keys) {
    const std::string last = keys.empty() ? "" : format(R"(, {{"type": "firewall", {}}})", keys);
    write_network(name + ".conflist", format(R"({{"cniVersion": "1.1.0", "name": "{0}", "plugins": [
          {{"type": "bridge", "bridge": "br-{0}", "isDefaultGateway": true,
            "ipam": {{"type": "host-local",
              "ranges": [[{{"subnet": "10.{1}.0.0/24"}}], [{{"subnet": "fd0{1}::/64"}}]]}}}},
          {{"type": "portmap", "capabilities": {{"portMappings": true}}}}{2}]}})",
                                             name, number, last));
  }
  void container(const std::string& name, const std::string& network) {
    sure("netctl ns add " + name);
    sure(format("netctl add {} {} -p 8080:80", network, name));
  }

  bool reaches_client(const std::string& from, bool v6) {
    Server server("client", 90);
    return !ask(from, v6 ? "fd99::2" : "198.51.100.2", 90, server).empty();
  }
  bool client_reaches_published(const std::string& container, bool v6) {
    Server server(container, 80);
    return !ask("client", v6 ? "fd99::1" : "198.51.100.1", 8080, server).empty();
  }

  sys::Finished firewall(const std::string& file, const std::string& command,
                         const std::string& keys = "") {
    return plugin_at(file,
                     {{"CNI_COMMAND", command},
                      {"CNI_CONTAINERID", "c1"},
                      {"CNI_NETNS", "/run/netns/client"},
                      {"CNI_IFNAME", "eth0"}},
                     format(R"({{"cniVersion": "1.0.0", "name": "net", "type": "firewall", {}
                         "prevResult": {{"cniVersion": "1.0.0", "interfaces": [{{"name": "br0"}}],
                           "ips": [{{"address": "10.1.0.2/24"}}, {{"address": "fd01::2/64"}}]}}}})",
                            keys.empty() ? "" : keys + ","));
  }
  std::string ours() const { return plugin_directory() + "/firewall"; }
};

INSTANTIATE_TEST_SUITE_P(, Iptables, testing::Values("nft", "legacy"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(Iptables, ThatDropsStopsContainersUnlessFirewallIsInTheirNetwork) {
  everywhere("-P FORWARD DROP");
  network("without", 1, "");
  network("with", 2, R"("backend": "")");
  container("c1", "without");
  for (const bool v6 : {false, true}) {
    SCOPED_TRACE(v6);
    EXPECT_FALSE(reaches_client("c1", v6));
    EXPECT_FALSE(client_reaches_published("c1", v6));
  }
  sure("netctl del without c1");

  container("c2", "with");
  for (const bool v6 : {false, true}) {
    SCOPED_TRACE(v6);
    EXPECT_TRUE(reaches_client("c2", v6));
    EXPECT_TRUE(client_reaches_published("c2", v6));
    // What nobody published stays closed.
    Server server("c2", 81);
    EXPECT_EQ(ask("client", address_in("c2", "eth0", v6), 81, server), "");
  }
  EXPECT_EQ(run("netctl check with c2").exit_status, 0);
}

TEST_P(Iptables, ThatBeginsToDropOrLosesItsRulesIsToldByReload) {
  network("with", 2, R"("backend": "")");
  container("c2", "with");
  everywhere("-P FORWARD DROP");
  const std::string dropping = rules();
  for (const char* change : {"-P FORWARD DROP", "-F"}) {
    SCOPED_TRACE(change);
    everywhere(change);
    EXPECT_FALSE(reaches_client("c2", false));
    EXPECT_FALSE(client_reaches_published("c2", true));

    sure("netctl reload");

    for (const bool v6 : {false, true}) {
      EXPECT_TRUE(reaches_client("c2", v6));
      EXPECT_TRUE(client_reaches_published("c2", v6));
    }
  }
  sure("netctl del with c2");
  EXPECT_EQ(rules(), dropping);
}

TEST_P(Iptables, ThatBeginsToDropIsToldByTheWatch) {
  if (std::string(GetParam()) == "legacy") GTEST_SKIP() << "iptables-legacy gives no notifications";
  network("with", 2, R"("backend": "")");
  container("c2", "with");
  Background watch(netctl_program(), {"reload", "--watch"}, environment);

  everywhere("-P FORWARD DROP");

  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!reaches_client("c2", true) && std::chrono::steady_clock::now() < end) {
  }
  for (const bool v6 : {false, true}) EXPECT_TRUE(client_reaches_published("c2", v6));
  EXPECT_EQ(watch.stop(SIGTERM), 0);
}

TEST_P(Iptables, ManyAtOnceAreAllLetInAndLeaveNothing) {
  everywhere("-P FORWARD DROP");
  const std::string before = rules();
  network("with", 2, R"("backend": "")");
  const auto at_once = [&](const std::string& line) {
    write_network("at_once.sh", format("for i in 1 2 3 4 5 6 7 8; do {} {} & pids=\"$pids $!\"; "
                                       "done; for p in $pids; do wait $p || exit 1; done\n",
                                       netctl_program(), line));
    return sure("sh /run/cni-config/at_once.sh");
  };
  at_once("ns add n$i");
  at_once("add with n$i");
  const std::string added = rules();
  for (int i = 1; i <= 8; ++i) {
    EXPECT_THAT(added,
                HasSubstr(format("-s {}/32 -j ACCEPT", address_in(format("n{}", i), "eth0"))));
  }
  at_once("del with n$i");
  EXPECT_EQ(rules(), before);
}

TEST_P(Iptables, IsAsItWasAfterDel) {
  everywhere("-P FORWARD DROP");
  everywhere("-A FORWARD -p tcp --dport 7 -j ACCEPT");
  const std::string before = rules();

  ASSERT_EQ(firewall(ours(), "ADD").exit_status, 0);
  const std::string added = rules();
  EXPECT_THAT(added, AllOf(HasSubstr("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT"),
                           HasSubstr("-A CNI-FORWARD -s fd01::2/128 -j ACCEPT")));
  ASSERT_EQ(firewall(ours(), "ADD").exit_status, 0);
  EXPECT_EQ(rules(), added) << "twice is the same as once";

  EXPECT_THAT(firewall(ours(), "DEL"), IsSilentSuccess());
  EXPECT_EQ(rules(), before);
  EXPECT_EQ(run("find /run/netctl -type f").out, "");
}

TEST_P(Iptables, IsAsItWasAfterADelThatKnowsNothing) {
  everywhere("-P FORWARD DROP");
  const std::string before = rules();
  ASSERT_EQ(firewall(ours(), "ADD").exit_status, 0);

  EXPECT_THAT(call("firewall", "DEL", {.container = "c1"},
                   R"({"cniVersion": "1.1.0", "name": "net", "ingressPolicy": 5})"),
              IsSilentSuccess());
  EXPECT_EQ(rules(), before);
}

TEST_P(Iptables, IsAsItWasAfterGcOfStrays) {
  everywhere("-P FORWARD DROP");
  const std::string before = rules();
  ASSERT_EQ(firewall(ours(), "ADD").exit_status, 0);

  EXPECT_THAT(call("firewall", "GC", {.container = ""},
                   R"({"cniVersion": "1.1.0", "name": "net", "cni.dev/valid-attachments": []})"),
              IsSilentSuccess());
  EXPECT_EQ(rules(), before);
}

TEST_P(Iptables, ThatDropsNothingIsLeftAlone) {
  everywhere("-A FORWARD -p tcp --dport 7 -j ACCEPT");
  const std::string before = rules();
  EXPECT_EQ(firewall(ours(), "ADD").exit_status, 0);
  EXPECT_EQ(rules(), before);
  EXPECT_THAT(run("nft list ruleset").out, Not(HasSubstr("netctl")));

  EXPECT_EQ(firewall(ours(), "ADD", R"("backend": "iptables")").exit_status, 0);
  EXPECT_THAT(rules(), HasSubstr("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT"));
  EXPECT_EQ(firewall(ours(), "DEL").exit_status, 0);
  EXPECT_EQ(rules(), before);

  everywhere("-P FORWARD DROP");
  const std::string dropping = rules();
  EXPECT_EQ(firewall(ours(), "ADD", R"("backend": "nftables")").exit_status, 0);
  EXPECT_EQ(rules(), dropping);
}

TEST_P(Iptables, AsksTheUsersChainFirstAndKeepsIt) {
  everywhere("-P FORWARD DROP");
  everywhere("-N MINE");
  network("web", 1, R"("iptablesAdminChainName": "MINE")");
  container("c1", "web");
  EXPECT_TRUE(reaches_client("c1", false));

  sure(iptables(4, "-A MINE -d 198.51.100.2 -p tcp -j DROP"));
  EXPECT_FALSE(reaches_client("c1", false));

  sure("netctl del web c1");
  EXPECT_THAT(sure(iptables(4, "-S")),
              AllOf(HasSubstr("-A MINE"), HasSubstr("-j MINE"), Not(HasSubstr("10.1.0."))));
}

TEST_P(Iptables, RulesThatAreGoneAreToldByCheck) {
  everywhere("-P FORWARD DROP");
  ASSERT_EQ(firewall(ours(), "ADD").exit_status, 0);
  EXPECT_THAT(firewall(ours(), "CHECK"), IsSilentSuccess());

  sure(iptables(4, "-D CNI-FORWARD -s 10.1.0.2 -j ACCEPT"));

  EXPECT_THAT(firewall(ours(), "CHECK").out, HasSubstr("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT"));
}

TEST_P(Iptables, OfTheReferencePluginAreUnderstoodBothWays) {
  if (::access(kReference, X_OK) != 0) {
    GTEST_SKIP() << "needs the reference plugins: apt-get install containernetworking-plugins";
  }
  const bool nft = run("iptables -V").out.find("nf_tables") != std::string::npos;
  if (nft != (std::string_view(GetParam()) == "nft")) {
    GTEST_SKIP() << "the reference plugin calls the host's other iptables";
  }
  everywhere("-P FORWARD DROP");
  const std::string before = rules();

  ASSERT_EQ(firewall(kReference, "ADD").exit_status, 0);
  EXPECT_THAT(rules(), HasSubstr("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT"));
  EXPECT_THAT(firewall(ours(), "DEL"), IsSilentSuccess());
  EXPECT_EQ(rules(), before);

  ASSERT_EQ(firewall(ours(), "ADD").exit_status, 0);
  EXPECT_THAT(firewall(kReference, "CHECK"), IsSilentSuccess());
  EXPECT_THAT(firewall(kReference, "DEL"), IsSilentSuccess());
  const std::string rest = rules();
  EXPECT_THAT(rest, Not(HasSubstr("-s 10.1.0.2")));
  EXPECT_THAT(rest, Not(HasSubstr("RELATED")));
  // What the reference does not know of is ours to remove.
  EXPECT_THAT(firewall(ours(), "DEL"), IsSilentSuccess());
  EXPECT_EQ(rules(), before);
}

}  // namespace
}  // namespace netctl::test

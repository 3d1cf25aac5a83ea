// The firewall plugin's ingress policies and the user's own chain, by packets, in both families.
#include <gmock/gmock.h>

#include "tests/support/calls.hpp"
#include "tests/support/traffic.hpp"
#include "tests/support/two_families.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Ingress : public TwoFamilies<Calls> {
 protected:
  // Network NAME: bridge br-NAME with 10.NUMBER.0.0/24 and fd0NUMBER::/64, and that policy.
  void network(const std::string& name, int number, const std::string& policy,
               const std::string& type = "bridge") {
    write_network(name + ".conflist", format(R"({{"cniVersion": "1.1.0", "name": "{0}", "plugins": [
          {{"type": "{3}", "bridge": "br-{0}", "isDefaultGateway": true,
            "ipam": {{"type": "host-local", "routes": [{{"dst": "0.0.0.0/0"}}, {{"dst": "::/0"}}],
              "ranges": [[{{"subnet": "10.{1}.0.0/24"}}], [{{"subnet": "fd0{1}::/64"}}]]}}}},
          {{"type": "portmap", "capabilities": {{"portMappings": true}}}},
          {{"type": "firewall", "ingressPolicy": "{2}"}}]}})",
                                             name, number, policy, type));
  }
  // A container NAME on it, and its address.
  std::string container(const std::string& name, const std::string& network,
                        const std::string& options = "") {
    sure("netctl ns add " + name);
    sure(format("netctl add {0} {1} --id {1} {2}", network, name, options));
    return address_in(name, "eth0", v6());
  }
  bool reaches(const std::string& from, const std::string& container, const std::string& address,
               std::uint16_t port = 80) {
    Server server(container, 80);
    return !ask(from, address, port, server).empty();
  }
};

INSTANTIATE_TEST_SUITE_P(, Ingress, testing::Values(Family::V4, Family::V6), family_name);

TEST_P(Ingress, OpenLetsEverybodyInAndMakesNothing) {
  network("web", 1, "open");
  network("db", 2, "");
  const std::string web = container("c1", "web");
  container("c2", "db");

  EXPECT_TRUE(reaches("c2", "c1", web));
  EXPECT_EQ(run("nft list ruleset").out, "");
}

TEST_P(Ingress, SameBridgeKeepsContainersOfOtherBridgesAway) {
  network("web", 1, "same-bridge");
  network("db", 2, "open");
  const std::string web = container("c1", "web", "-p 8080:80");
  container("c2", "web");
  const std::string db = container("c3", "db");

  EXPECT_FALSE(reaches("c3", "c1", web));
  EXPECT_TRUE(reaches("c2", "c1", web));
  EXPECT_TRUE(reaches("", "c1", web));
  EXPECT_TRUE(reaches("client", "c1", web));
  EXPECT_TRUE(reaches("c3", "c1", host(), 8080));
  EXPECT_TRUE(reaches("c1", "c3", db)) << "answers come back";

  // It is the policy that keeps it away, and nothing else.
  sure(format("nft delete element inet netctl ingress{} {{ {} }}", v6() ? 6 : 4, web));
  EXPECT_TRUE(reaches("c3", "c1", web));
}

TEST_P(Ingress, IsolatedKeepsNeighboursAwayToo) {
  network("web", 1, "isolated");
  const std::string web = container("c1", "web", "-p 8080:80");
  container("c2", "web");

  EXPECT_FALSE(reaches("c2", "c1", web));
  EXPECT_TRUE(reaches("", "c1", web));
  EXPECT_TRUE(reaches("client", "c1", web));
  EXPECT_TRUE(reaches("client", "c1", host(), 8080));

  // Nor by a route through the host, which the bridge does not see as its ports' traffic.
  const std::string gateway = v6() ? "fd01::1" : "10.1.0.1";
  sure("sysctl -q -w net.ipv4.conf.all.send_redirects=0");
  EXPECT_EQ(
      run_in("c2", format("ip route add {}/{} via {}", web, v6() ? 128 : 32, gateway)).exit_status,
      0);
  EXPECT_FALSE(reaches("c2", "c1", web));
}

TEST_P(Ingress, IsolatedKeepsContainersWithoutABridgeApart) {
  network("web", 1, "isolated", "ptp");
  network("db", 2, "isolated", "ptp");
  const std::string web = container("c1", "web");
  container("c2", "db");

  EXPECT_FALSE(reaches("c2", "c1", web));
  EXPECT_TRUE(reaches("", "c1", web));
  EXPECT_TRUE(reaches("client", "c1", web));
  for (const char* gone : {"netctl del web c1 --id c1", "netctl del db c2 --id c2"}) sure(gone);
  EXPECT_EQ(run("nft list ruleset").out, "");
}

TEST_P(Ingress, TheUsersChainIsAskedFirst) {
  network("web", 1, "same-bridge");
  network("db", 2, "open");
  const std::string web = container("c1", "web");
  container("c2", "db");
  const std::string from = v6() ? "ip6 saddr fd02::/64" : "ip saddr 10.2.0.0/24";
  EXPECT_FALSE(reaches("c2", "c1", web));

  sure(format("nft add rule inet netctl admin {} accept", from));
  EXPECT_TRUE(reaches("c2", "c1", web));

  // Its rules outlive the containers.
  sure("netctl del web c1 --id c1");
  EXPECT_THAT(sure("nft list table inet netctl"), AllOf(HasSubstr(from), Not(HasSubstr("web"))));
  sure("netctl add web c1 --id c1");
  EXPECT_TRUE(reaches("c2", "c1", address_in("c1", "eth0", v6())));
}

TEST_P(Ingress, TheUsersChainMayBeThereBeforeAllElse) {
  network("web", 1, "same-bridge");
  network("db", 2, "open");
  const std::string from = v6() ? "ip6 saddr fd02::/64" : "ip saddr 10.2.0.0/24";
  sure("nft add table inet netctl");
  sure("nft add chain inet netctl admin");
  sure(format("nft add rule inet netctl admin {} accept", from));

  const std::string web = container("c1", "web");
  container("c2", "db");

  EXPECT_TRUE(reaches("c2", "c1", web));
  EXPECT_EQ(run("netctl check web c1 --id c1").exit_status, 0);
}

// ---- the policy's own life -------------------------------------------------------------------

TEST_P(Ingress, GoesWithTheContainerAndWithoutItsNamespace) {
  sure("sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
  const std::string before = host_state();
  network("web", 1, "isolated");
  container("c1", "web");
  sure("netctl ns rm c1");

  EXPECT_THAT(call("firewall", "DEL", {.container = "c1"},
                   R"({"cniVersion": "1.1.0", "name": "web", "type": "firewall"})"),
              IsSilentSuccess());
  EXPECT_THAT(run("nft list table inet netctl").out, Not(HasSubstr("alone_")));

  sure("netctl gc");
  EXPECT_EQ(host_state(), before);
}

TEST_P(Ingress, OfStrayContainersGoesWithGc) {
  network("web", 1, "same-bridge");
  container("c1", "web");
  const std::string two = container("c2", "web");

  EXPECT_THAT(call("firewall", "GC", {.container = ""},
                   R"({"cniVersion": "1.1.0", "name": "web", "type": "firewall",
                       "cni.dev/valid-attachments": [{"containerID": "c2", "ifname": "eth0"}]})"),
              IsSilentSuccess());

  const std::string listed = sure("nft list table inet netctl");
  EXPECT_THAT(listed, AllOf(HasSubstr("\"web/c2/eth0\""), Not(HasSubstr("\"web/c1/eth0\""))));
}

TEST_P(Ingress, ThatIsGoneIsToldByCheck) {
  network("web", 1, "isolated");
  const std::string web = container("c1", "web");
  EXPECT_EQ(run("netctl check web c1 --id c1").exit_status, 0);

  sure(format("nft flush map inet netctl ingress{}", v6() ? 6 : 4));

  const auto checked = run("netctl check web c1 --id c1");
  EXPECT_NE(checked.exit_status, 0);
  EXPECT_THAT(checked.err, HasSubstr(format("{{ {} }} is missing", web)));
}

TEST_F(Calls, FirewallRefusesPoliciesThatItDoesNotKnow) {
  const std::string prev = R"("prevResult": {"ips": [{"address": "10.7.0.2/24"}]})";
  const auto add_with = [&](const std::string& keys) {
    return call("firewall", "ADD", {.container = "c1", .netns = "gone"},
                format(R"({{"cniVersion": "1.0.0", "name": "net", "type": "firewall", {}, {}}})",
                       keys, prev));
  };
  EXPECT_THAT(add_with(R"("ingressPolicy": "closed")"),
              Refuses(7, HasSubstr(R"(unknown ingress policy: \"closed\")")));
  EXPECT_THAT(add_with(R"("ingressPolicy": "isolated")"),
              Refuses(7, HasSubstr(R"(make sure to chain \"firewall\" plugin with \"bridge\")")));
  EXPECT_THAT(add_with(R"("iptablesAdminChainName": "A -j ACCEPT")"),
              Refuses(7, HasSubstr("a chain's name")));
  EXPECT_THAT(add_with(R"("backend": "firewalld")"),
              Refuses(999, HasSubstr("firewalld does not run")));
}

}  // namespace
}  // namespace netctl::test

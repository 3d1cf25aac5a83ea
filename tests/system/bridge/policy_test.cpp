// Gateway modes, internal and isolated networks: who reaches whom, by packets, in both families.
// The cases are those of Docker's own integration tests (Bridge driver, gateway modes) and of
// Podman's isolate option; each network is made by `netctl network create`, as its users do.
#include <gmock/gmock.h>

#include "tests/support/traffic.hpp"
#include "tests/support/two_families.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kPublished = 80;
constexpr std::uint16_t kUnpublished = 81;

class Policies : public TwoFamilies<Lab> {
 protected:
  // Network NAME: 10.NUMBER.0.0/24 and fd0NUMBER::/64.
  void network(const std::string& name, int number, const std::string& options = "") {
    sure(format("netctl network create {} --subnet 10.{}.0.0/24 --subnet fd0{}::/64 {}", name,
                number, number, options));
  }
  // A container NAME on it, and its address.
  std::string container(const std::string& name, const std::string& network,
                        const std::string& options = "") {
    sure("netctl ns add " + name);
    sure(format("netctl add {} {} {}", network, name, options));
    return address_in(name, "eth0", v6());
  }

  // Whether a question from `from` to that port of the container gets an answer; empty: the host.
  bool reaches(const std::string& from, const std::string& container, const std::string& address,
               std::uint16_t port) {
    Server server(container, port);
    return !ask(from, address, port, server).empty();
  }
  // The same through a port of the host that leads to the container's kPublished.
  bool reaches_published(const std::string& from, const std::string& container,
                         const std::string& to, std::uint16_t host_port) {
    Server server(container, kPublished);
    return !ask(from, to, host_port, server).empty();
  }
};

INSTANTIATE_TEST_SUITE_P(, Policies, testing::Values(Family::V4, Family::V6), family_name);

// ---- from another machine ------------------------------------------------------------------

TEST_P(Policies, InModeNatAnotherMachineReachesPublishedPortsOnly) {
  network("web", 1);
  const std::string address = container("c1", "web", "-p 8080:80");

  EXPECT_TRUE(reaches_published("client", "c1", host(), 8080));
  EXPECT_FALSE(pings("client", address));
  EXPECT_FALSE(reaches("client", "c1", address, kPublished));
  EXPECT_FALSE(reaches("client", "c1", address, kUnpublished));

  // It is the policy that keeps it out, and nothing else.
  sure(format("nft delete element inet netctl gateway{} {{ \"{}\" }}", v6() ? 6 : 4,
              sure("netctl network inspect web --format {{.Bridge}}")));
  EXPECT_TRUE(reaches("client", "c1", address, kUnpublished));
}

TEST_P(Policies, InModeNatUnprotectedAnotherMachineReachesAllPorts) {
  network("web", 1, "-o gateway_mode=nat-unprotected");
  const std::string address = container("c1", "web", "-p 8080:80");

  EXPECT_TRUE(reaches_published("client", "c1", host(), 8080));
  EXPECT_TRUE(pings("client", address));
  EXPECT_TRUE(reaches("client", "c1", address, kPublished));
  EXPECT_TRUE(reaches("client", "c1", address, kUnpublished));
}

TEST_P(Policies, InModeRoutedAnotherMachinePingsAndReachesNoUnpublishedPort) {
  network("web", 1, "-o gateway_mode=routed");
  const std::string address = container("c1", "web");

  EXPECT_TRUE(pings("client", address));
  EXPECT_FALSE(reaches("client", "c1", address, kUnpublished));
}

TEST_P(Policies, InModeRoutedAPublishedPortIsReachedAtTheContainersAddress) {
  network("open", 1, "-o gateway_mode=routed");
  network("other", 2);
  const std::string address = container("c1", "open", "-p 8080:80");
  container("c2", "other");

  EXPECT_TRUE(reaches("client", "c1", address, kPublished));
  EXPECT_TRUE(reaches("c2", "c1", address, kPublished));
  EXPECT_FALSE(reaches_published("client", "c1", host(), 8080));
  EXPECT_FALSE(reaches("client", "c1", address, kUnpublished));

  sure("netctl del open c1");
  sure("netctl add open c1");
  EXPECT_FALSE(reaches("client", "c1", address_in("c1", "eth0", v6()), kPublished));
}

TEST_P(Policies, OneFamilyMayBeNatAndTheOtherRouted) {
  network("mixed", 1, "-o com.docker.network.bridge.gateway_mode_ipv6=routed");
  const std::string address = container("c1", "mixed", "-p 8080:80");

  EXPECT_EQ(reaches_published("client", "c1", host(), 8080), !v6());
  EXPECT_EQ(reaches("client", "c1", address, kPublished), v6());
  EXPECT_FALSE(reaches("client", "c1", address, kUnpublished));
}

TEST_P(Policies, NothingCanBePublishedInModeIsolated) {
  network("back", 1, "--internal -o gateway_mode=isolated");
  sure("netctl ns add c1");
  EXPECT_THAT(run("netctl add back c1 -p 8080:80").err,
              HasSubstr("ports cannot be published in gateway mode isolated"));
}

TEST_P(Policies, APlainCniConfigKeepsItsContainersRoutable) {
  write_network("10-plain.conflist", R"({"cniVersion": "1.0.0", "name": "plain", "plugins": [
      {"type": "bridge", "bridge": "cni1", "isDefaultGateway": true, "ipMasq": true,
       "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.1.0.0/24"}],
                                                 [{"subnet": "fd01::/64"}]]}}]})");
  const std::string address = container("c1", "plain");

  EXPECT_TRUE(reaches("client", "c1", address, kUnpublished));
  EXPECT_THAT(sure("nft list map inet netctl gateway4"), Not(HasSubstr("elements")));
}

// ---- what leaves ---------------------------------------------------------------------------

TEST_P(Policies, InModeNatTheOutsideSeesTheHostsAddressAndInModeRoutedTheContainers) {
  network("web", 1);
  network("open", 2, "-o gateway_mode=routed");
  container("c1", "web");
  const std::string routed = container("c2", "open");
  const std::string client = v6() ? "fd99::2" : "198.51.100.2";

  Server server("client", 90);
  EXPECT_EQ(ask("c1", client, 90, server), host());
  EXPECT_EQ(ask("c2", client, 90, server), routed);
}

TEST_P(Policies, ModeNatWithoutMasqueradingStillKeepsOthersOut) {
  network("web", 1, "-o com.docker.network.bridge.enable_ip_masquerade=false");
  const std::string address = container("c1", "web");
  const std::string client = v6() ? "fd99::2" : "198.51.100.2";

  Server server("client", 90);
  EXPECT_EQ(ask("c1", client, 90, server), address);
  EXPECT_FALSE(reaches("client", "c1", address, kUnpublished));
}

// ---- between networks ----------------------------------------------------------------------

TEST_P(Policies, AContainerReachesAnotherNatNetworkByPublishedPortsOnly) {
  network("web", 1);
  network("db", 2);
  container("c1", "web");
  const std::string address = container("c2", "db", "-p 8080:80");

  EXPECT_TRUE(reaches_published("c1", "c2", host(), 8080));
  EXPECT_FALSE(pings("c1", address));
  EXPECT_FALSE(reaches("c1", "c2", address, kPublished));
  EXPECT_FALSE(reaches("c1", "c2", address, kUnpublished));
}

TEST_P(Policies, ARoutedNetworkDoesNotReachANatNetworkButIsPingedFromThere) {
  network("web", 1);
  network("open", 2, "-o gateway_mode=routed");
  const std::string nat = container("c1", "web");
  const std::string routed = container("c2", "open");

  EXPECT_FALSE(pings("c2", nat));
  EXPECT_FALSE(reaches("c2", "c1", nat, kUnpublished));
  EXPECT_TRUE(pings("c1", routed));
  EXPECT_FALSE(reaches("c1", "c2", routed, kUnpublished));
}

TEST_P(Policies, ContainersOfOneNetworkReachEachOtherOnAllPorts) {
  for (const char* mode : {"nat", "nat-unprotected", "routed"}) {
    SCOPED_TRACE(mode);
    const std::string name = std::string("n-") + mode;
    const int number = mode[0] == 'r' ? 3 : mode[3] == '-' ? 2 : 1;
    network(name, number, std::string("-o gateway_mode=") + mode);
    container(name + "-a", name);
    const std::string address = container(name + "-b", name);

    EXPECT_TRUE(pings(name + "-a", address));
    EXPECT_TRUE(reaches(name + "-a", name + "-b", address, kUnpublished));
  }
}

TEST_P(Policies, WithoutIccContainersReachEachOtherNeitherDirectlyNorThroughTheHost) {
  network("web", 1, "-o com.docker.network.bridge.enable_icc=false");
  container("c1", "web");
  const std::string address = container("c2", "web", "-p 8080:80");
  EXPECT_FALSE(reaches("c1", "c2", address, kUnpublished));

  // By a route that leads through the host, which the bridge does not see as its ports' traffic.
  const std::string gateway = v6() ? "fd01::1" : "10.1.0.1";
  const int bits = v6() ? 128 : 32;
  sure("sysctl -q -w net.ipv4.conf.all.send_redirects=0");
  EXPECT_EQ(run_in("c1", format("ip route add {}/{} via {}", address, bits, gateway)).exit_status,
            0);
  EXPECT_FALSE(reaches("c1", "c2", address, kUnpublished));

  EXPECT_TRUE(reaches("", "c2", address, kUnpublished));

  // Where bridged frames pass the firewall, the bridge itself leads a published port's packets from
  // port to port, and keeps these apart.
  for (const char* call : {"iptables", "ip6tables"}) {
    run(format("sysctl -q -w net.bridge.bridge-nf-call-{}=0", call));
  }
  EXPECT_TRUE(reaches_published("c1", "c2", host(), 8080));
}

// ---- internal ------------------------------------------------------------------------------

TEST_P(Policies, AnInternalNetworkHasNoWayOutAndNoneIn) {
  network("back", 1, "--internal");
  const std::string address = container("c1", "back");
  const std::string client = v6() ? "fd99::2" : "198.51.100.2";
  EXPECT_THAT(run_in("c1", "ip route get " + client).err, HasSubstr("Network is unreachable"));

  // Nor for one who helps himself to a route.
  const std::string gateway = v6() ? "fd01::1" : "10.1.0.1";
  EXPECT_EQ(run_in("c1", "ip route add default via " + gateway).exit_status, 0);
  EXPECT_FALSE(pings("c1", client));
  EXPECT_FALSE(pings("client", address));
  EXPECT_FALSE(reaches("client", "c1", address, kUnpublished));
}

TEST_P(Policies, AnInternalNetworksContainersReachEachOtherAndTheHost) {
  network("back", 1, "--internal");
  container("c1", "back");
  const std::string address = container("c2", "back");

  EXPECT_TRUE(reaches("c1", "c2", address, kUnpublished));
  EXPECT_TRUE(reaches("", "c2", address, kUnpublished));
  EXPECT_TRUE(pings("c1", v6() ? "fd01::1" : "10.1.0.1"));
}

TEST_P(Policies, InModeIsolatedTheHostIsNotOnTheNetworkEither) {
  network("back", 1, "--internal -o gateway_mode=isolated");
  container("c1", "back");
  const std::string address = container("c2", "back");

  EXPECT_TRUE(reaches("c1", "c2", address, kUnpublished));
  EXPECT_FALSE(pings("c1", v6() ? "fd01::1" : "10.1.0.1"));
  const std::string bridge = sure("netctl network inspect back --format {{.Bridge}}");
  EXPECT_THAT(sure("ip addr show dev " + bridge), Not(HasSubstr("inet")));
}

// ---- isolate -------------------------------------------------------------------------------

TEST_P(Policies, IsolatedNetworksDoNotReachEachOtherButOthersReachThem) {
  network("one", 1, "-o isolate=true -o gateway_mode=nat-unprotected");
  network("two", 2, "-o isolate=true -o gateway_mode=nat-unprotected");
  network("other", 3, "-o gateway_mode=nat-unprotected");
  const std::string one = container("c1", "one");
  const std::string two = container("c2", "two", "-p 8080:80");
  const std::string other = container("c3", "other");

  EXPECT_FALSE(reaches("c1", "c2", two, kUnpublished));
  EXPECT_FALSE(reaches("c2", "c1", one, kUnpublished));
  EXPECT_TRUE(reaches("c3", "c1", one, kUnpublished));
  EXPECT_TRUE(reaches("c1", "c3", other, kUnpublished));
  EXPECT_TRUE(reaches("client", "c1", one, kUnpublished));
  EXPECT_TRUE(reaches_published("c1", "c2", host(), 8080));
}

TEST_P(Policies, AStrictlyIsolatedNetworkIsApartFromEveryBridge) {
  network("one", 1, "-o isolate=strict -o gateway_mode=nat-unprotected");
  network("two", 2, "-o gateway_mode=nat-unprotected");
  const std::string one = container("c1", "one", "-p 8080:80");
  const std::string two = container("c2", "two");

  EXPECT_FALSE(reaches("c1", "c2", two, kUnpublished));
  EXPECT_FALSE(reaches("c2", "c1", one, kUnpublished));
  EXPECT_TRUE(reaches("client", "c1", one, kUnpublished));
  EXPECT_TRUE(reaches_published("c2", "c1", host(), 8080));
}

TEST_P(Policies, AStrictlyIsolatedNetworkIsApartFromOthersBridgesToo) {
  network("one", 1, "-o isolate=strict -o gateway_mode=nat-unprotected");
  const std::string one = container("c1", "one");
  sure("ip link add docker0 type bridge");
  sure("ip link set docker0 up");
  connect_machine("d1", "eth8", "10.8.0.1/24", "10.8.0.2/24");
  sure("ip addr flush dev eth8");
  sure("ip link set eth8 master docker0");
  sure("ip addr add 10.8.0.1/24 dev docker0");
  sure("ip addr add fd08::1/64 dev docker0 nodad");
  EXPECT_EQ(run_in("d1", "ip addr add fd08::2/64 dev eth0 nodad").exit_status, 0);
  EXPECT_EQ(run_in("d1", "ip route add default via 10.8.0.1").exit_status, 0);
  EXPECT_EQ(run_in("d1", "ip -6 route add default via fd08::1").exit_status, 0);

  EXPECT_FALSE(reaches("d1", "c1", one, kUnpublished));
  EXPECT_FALSE(pings("c1", v6() ? "fd08::2" : "10.8.0.2"));
}

// ---- the policy's own life -------------------------------------------------------------------

TEST_P(Policies, GoesWithTheLastPort) {
  sure("sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");  // as it stays
  const std::string before = host_state();
  network("web", 1, "-o isolate=strict");
  container("c1", "web");
  container("c2", "web");
  sure("netctl del web c1");
  EXPECT_THAT(sure("nft list set inet netctl strict"), HasSubstr("bridge nc-"));

  sure("netctl del web c2");
  for (const char* name : {"c1", "c2"}) sure(format("netctl ns rm {}", name));

  EXPECT_EQ(host_state(), before);
}

TEST_P(Policies, IsReadByNftAsItIsWritten) {
  network("web", 1, "--interface-name br-web -o isolate=strict");
  container("c1", "web");

  EXPECT_THAT(sure("nft list set inet netctl strict"),
              HasSubstr("elements = { \"br-web\" comment \"bridge br-web\" }"));
}

TEST_P(Policies, OfAFailedAddLeavesNothing) {
  const std::string before = host_state();
  network("web", 1, "--internal");
  sure("netctl ns add c1");

  EXPECT_NE(run("netctl add web c1 --ip 10.1.0.5 --ip 10.77.0.5").exit_status, 0);

  sure("netctl ns rm c1");
  EXPECT_EQ(host_state(), before);
}

TEST_P(Policies, FollowsTheConfigAtTheNextAdd) {
  network("web", 1, "--interface-name br-web -o gateway_mode=routed");
  container("c1", "web");
  sure("netctl network rm web -f");
  network("web", 1, "--interface-name br-web --internal");
  container("c2", "web");

  EXPECT_THAT(sure("nft list table inet netctl"),
              AllOf(HasSubstr("\"br-web\" comment \"bridge br-web\""),
                    Not(HasSubstr("\"br-web\" comment \"bridge br-web\" : goto routed"))));
}

TEST_P(Policies, OfTwoNetworksOnOneBridgeMustBeTheSame) {
  const auto config = [](const std::string& name, const std::string& more) {
    return format(R"({{"cniVersion": "1.0.0", "name": "{}", "type": "bridge", "bridge": "br0", {}
      "ipam": {{"type": "host-local", "ranges": [[{{"subnet": "10.1.0.0/24"}}]]}}}})",
                  name, more);
  };
  for (const char* name : {"c1", "c2", "c3"}) sure(format("netctl ns add {}", name));
  const auto add = [&](const std::string& name, const std::string& text) {
    return plugin("bridge",
                  {{"CNI_COMMAND", "ADD"},
                   {"CNI_CONTAINERID", name},
                   {"CNI_IFNAME", "eth0"},
                   {"CNI_NETNS", "/run/netns/" + name}},
                  text);
  };
  EXPECT_EQ(add("c1", config("one", R"("internal": true,)")).exit_status, 0);
  EXPECT_EQ(add("c2", config("two", "")).exit_status, 0);
  const auto refused = add("c3", config("three", R"("isolate": true,)"));

  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.out, HasSubstr("bridge br0 is that of network netctl:one/, which has another "
                                     "policy: give this network a bridge of its own"));
}

TEST_P(Policies, ThatIsGoneIsToldByCheck) {
  network("web", 1, "-o isolate=true");
  container("c1", "web");
  EXPECT_EQ(run("netctl check web c1").exit_status, 0);

  sure("nft flush set inet netctl isolated");

  const auto checked = run("netctl check web c1");
  EXPECT_NE(checked.exit_status, 0);
  EXPECT_THAT(checked.err, HasSubstr("isolated { \"nc-"));
}

}  // namespace
}  // namespace netctl::test

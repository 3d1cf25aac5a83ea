// What Docker refuses, row by row of its table of invalid combinations, and what netctl says to it:
// Docker's words where they serve, and what to do. Rows about host names, links, added hosts and
// exposed ports are the container runtime's and are not here; nor is "ambiguous network", as a
// network is named whole. Two rows are no errors here: a static address on the default network, and
// a second connection of a container to one network.
#include "tests/system/docker/docker_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

constexpr const char* kJoin = "netctl add container:donor web --id joiner";

class InvalidCombinations : public DockerHost {
 protected:
  void SetUp() override {
    DockerHost::SetUp();
    if (IsSkipped()) return;
    sure("netctl add front web --id donor");
  }
};

TEST_F(InvalidCombinations, ContainerWithAnEmptyId) {
  expect_refused("netctl add container: web --id joiner", {"container"});
}

TEST_F(InvalidCombinations, ContainerAndDns) {
  expect_refused(format("{} --cap {}", kJoin, R"({"dns":{"servers":["10.5.0.1"]}})"),
                 {"conflicting options: dns and the network mode"});
}

TEST_F(InvalidCombinations, ContainerAndPublishedPorts) {
  expect_refused(format("{} -p 8080:80", kJoin),
                 {"conflicting options: port publishing and the container type network mode"});
}

TEST_F(InvalidCombinations, ContainerAndMacAddress) {
  expect_refused(format("{} --mac 02:00:00:00:00:01", kJoin),
                 {"conflicting options: mac-address and the network mode"});
}

TEST_F(InvalidCombinations, SeveralAtOnceAreToldTogether) {
  expect_refused(format("{} -p 8080:80 --mac 02:00:00:00:00:01 --ip 10.5.0.9", kJoin),
                 {"port publishing", "mac-address", "an IP address"});
}

TEST_F(InvalidCombinations, HostAndPublishedPortsIsAWarningOnly) {
  const auto added = run(format("netctl add host {} -p 8080:80", kHostsOwn));
  EXPECT_EQ(added.exit_status, 0);
  EXPECT_THAT(added.err, HasSubstr("published ports are discarded when using host network mode"));
}

TEST_F(InvalidCombinations, HostAndMacAddress) {
  expect_refused(format("netctl add host {} --mac 02:00:00:00:00:01", kHostsOwn),
                 {"conflicting options: mac-address and the network mode host"});
}

TEST_F(InvalidCombinations, TheDonorIsSelf) {
  expect_refused("netctl add container:donor web --id donor",
                 {"cannot join own network namespace"});
}

TEST_F(InvalidCombinations, TheDonorIsNotRunning) {
  delete_namespace("web");
  sure("netctl ns add web");
  expect_refused(kJoin, {"cannot join network namespace of a non running container", "eth0"});
  delete_namespace("web");
  expect_refused("netctl add container:donor db --id joiner",
                 {"cannot join network namespace of a non running container", "donor"});
}

TEST_F(InvalidCombinations, TheDonorIsUnknown) {
  expect_refused("netctl add container:nobody web --id joiner", {"no such container", "nobody"});
}

TEST_F(InvalidCombinations, ConnectToHost) {
  expect_refused("netctl network connect host web --id donor", {"under network mode host"});
}

TEST_F(InvalidCombinations, DisconnectFromHost) {
  sure(format("netctl add host {} --id c1", kHostsOwn));
  expect_refused("netctl network disconnect host --id c1",
                 {"cannot disconnect container from host network"});
  sure(format("netctl del host {} --id c1", kHostsOwn));
}

TEST_F(InvalidCombinations, ConnectAContainerThatSharesANamespace) {
  sure(kJoin);
  expect_refused("netctl network connect six web --id joiner",
                 {"container sharing network namespace with another container or host cannot be "
                  "connected to any other network"});
}

TEST_F(InvalidCombinations, MixingNoneWithOthers) {
  expect_refused("netctl network connect none web --id donor", {"private (none) mode", "eth0"});
  sure("netctl network connect none db");
  expect_refused("netctl network connect front db", {"private (none) mode", "disconnect none"});
}

TEST_F(InvalidCombinations, DisconnectOfWhatIsNotAttached) {
  expect_refused("netctl network disconnect front db",
                 {"db is not connected to network \"front\""});
  sure("netctl network disconnect --force front db");
}

TEST_F(InvalidCombinations, ConnectTwice) {
  expect_refused("netctl network connect front web --id donor",
                 {"web is connected to network \"front\" already, as eth0", "netctl add -i"});
  EXPECT_EQ(interfaces("web"), "eth0 lo");
  sure("netctl add front web --id donor -i eth1");
  EXPECT_EQ(interfaces("web"), "eth0 eth1 lo");
  EXPECT_EQ(address_in("web", "eth1"), "10.5.0.3");
}

TEST_F(InvalidCombinations, AddTwiceIsRefused) {
  expect_refused("netctl add front web --id donor", {"run DEL first"});
}

TEST_F(InvalidCombinations, StaticIpOutsideTheSubnets) {
  expect_refused("netctl add front db --ip 10.99.0.1", {"10.99.0.1"});
  expect_refused("netctl add front db --ip fd99::7", {"fd99::7"});
  expect_refused("netctl add six db --ip 10.5.0.9", {"10.5.0.9"});
}

TEST_F(InvalidCombinations, StaticIpThatSomebodyHas) {
  for (const char* address : {"10.5.0.2", "fd05::2", "10.5.0.1"}) {
    expect_refused(format("netctl add front db --ip {}", address), {address});
  }
}

TEST_F(InvalidCombinations, AMissingNetwork) {
  expect_refused("netctl add missing db", {"no network \"missing\"", "there are: front"});
  expect_refused("netctl network connect missing db", {"missing"});
  expect_refused("netctl network rm missing", {"missing"});
}

TEST_F(InvalidCombinations, PredefinedNetworksAreNeitherCreatedNorRemoved) {
  for (const char* name : {"bridge", "host", "none"}) {
    expect_refused(format("netctl network create {}", name), {name});
    expect_refused(format("netctl network rm {}", name), {name});
  }
}

TEST_F(InvalidCombinations, APortThatIsTaken) {
  sure("netctl add front db -p 8080:80");
  sure("netctl ns add third");
  for (const char* network : {"front", "bridge"}) {
    expect_refused(format("netctl add {} third -p 8080:80", network), {"8080", "front/"});
    expect_refused(format("netctl add {} third -p 203.0.113.1:8080:80", network), {"8080"});
  }
  EXPECT_EQ(interfaces("third"), "lo");
  Server db("db", 80);
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, db), "203.0.113.2");
}

}  // namespace
}  // namespace netctl::test

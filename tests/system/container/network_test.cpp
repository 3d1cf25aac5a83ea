// Containers on networks, as users run them: published ports, modes, several networks, names.
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

class ContainerNetwork : public ContainerLab {
 protected:
  // A page from the server at http://<where>; asked until it is up.
  std::string fetch(const std::string& where) {
    std::string page;
    EXPECT_TRUE(eventually([&] {
      page = run("curl -s --max-time 10 --noproxy * http://" + where).out;
      return !page.empty();
    })) << where;
    return page;
  }
  void serve(const std::string& options) {
    write(box() + "/www/index.html", "served from a container\n");
    sure_in_box(options + " -d -- httpd -f -p 80 -h /www");
  }
};

TEST_F(ContainerNetwork, APublishedPortAnswersAndAllIsGoneAfterwards) {
  sure_in_box("--rm -- true");  // the table and the store's lock are there now
  const std::string before = host_state();
  serve("--name web -p 8080:80");

  EXPECT_EQ(fetch("127.0.0.1:8080/"), "served from a container\n");
  EXPECT_EQ(fetch("172.17.0.1:8080/"), "served from a container\n");
  EXPECT_THAT(sure("netctl ps"), ContainsRegex("web +httpd.* running .*bridge +8080:80"));
  EXPECT_THAT(sure("netctl ls"), ContainsRegex("bridge .*eth0 +172.17.0.[0-9]+/16.* 8080:80"));
  // Another container, by address; and one that shares the first one's network.
  EXPECT_EQ(sure_in_box("--rm -- wget -qO- 172.17.0.1:8080"), "served from a container");
  EXPECT_EQ(sure_in_box("--rm --network container:web -- wget -qO- 127.0.0.1"),
            "served from a container");

  sure("netctl rm -f web");
  EXPECT_EQ(host_state(), before);
}

TEST_F(ContainerNetwork, TheNetworkIsThereBeforeTheProgram) {
  script("first", "ip -4 -o addr show eth0; ip route");
  EXPECT_THAT(sure_in_box("-- first"),
              AllOf(HasSubstr("172.17.0.2/16"), HasSubstr("default via 172.17.0.1")));
  EXPECT_THAT(sure_in_box("--ip 172.17.0.77 --mac-address 02:00:00:00:00:07 -- ip addr"),
              AllOf(HasSubstr("172.17.0.77"), HasSubstr("02:00:00:00:00:07")));
}

TEST_F(ContainerNetwork, SeveralNetworksAreAnInterfaceEach) {
  sure("netctl network create back --internal --subnet 10.5.0.0/24");
  script("look", "ip -4 -o addr");
  EXPECT_THAT(sure_in_box("--network bridge --network back -- look"),
              AllOf(ContainsRegex("eth0 +inet 172.17"), ContainsRegex("eth1 +inet 10.5.0")));
  EXPECT_EQ(in_box("--network bridge --network host -- true").exit_status, 125);
}

TEST_F(ContainerNetwork, ModesWithoutOne) {
  EXPECT_EQ(sure_in_box("--network none -- ls /sys/class/net"), "lo");
  EXPECT_THAT(sure_in_box("--network none -- ip addr show lo"), HasSubstr("127.0.0.1/8"));
  sure("ip link add mine type veth peer name other");
  EXPECT_THAT(sure_in_box("--network host -- ls /sys/class/net"), HasSubstr("mine"));
  sure("netctl ns add web");
  sure("netctl add bridge web");
  EXPECT_THAT(sure_in_box("--network ns:/run/netns/web -- ip addr"), HasSubstr("172.17.0.2"));
}

TEST_F(ContainerNetwork, AFailingNetworkLeavesNoContainer) {
  serve("--name web -p 8080:80");
  const std::string before = traces();
  const std::string host = host_state();
  const auto refused = in_box("--name second -p 8080:80 -d -- sleep 100");
  EXPECT_EQ(refused.exit_status, 125);
  EXPECT_THAT(refused.err, HasSubstr("8080"));
  EXPECT_EQ(traces(), before);
  EXPECT_EQ(host_state(), host);
}

TEST_F(ContainerNetwork, ADyingContainerLeavesNoNetwork) {
  sure_in_box("--rm -- true");
  const std::string before = host_state();
  serve("--name web -p 8080:80 --rm");
  sure("netctl kill web");
  run("netctl stop web");  // returns when its traces are gone
  run("netctl rm -f web");
  EXPECT_EQ(host_state(), before);
}

TEST_F(ContainerNetwork, ARunningOneIsConnectedByItsNameAndAllGoesWithIt) {
  sure("netctl network create back --subnet 10.5.0.0/24");
  sure("netctl network create side --subnet 10.6.0.0/24");
  sure_in_box("--rm --network bridge --network back --network side -- true");
  const std::string before = host_state();
  serve("--name web");
  EXPECT_THAT(sure("netctl network connect back web --ip 10.5.0.7"),
              HasSubstr("web eth1: 10.5.0.7/24"));
  EXPECT_EQ(fetch("10.5.0.7"), "served from a container\n");
  // By the name of its namespace it is another container's, and still goes with it.
  const std::string pin = "netctl-" + fact("netctl ps", "id").substr(0, 12);
  EXPECT_THAT(sure("netctl network connect side " + pin + " --ip 10.6.0.7"),
              HasSubstr("eth2: 10.6.0.7/24"));
  EXPECT_EQ(fetch("10.6.0.7"), "served from a container\n");

  sure("netctl rm -f web");
  EXPECT_EQ(host_state(), before);
  EXPECT_EQ(sure("netctl ls -q"), "");
  EXPECT_EQ(sure("netctl ipam show back -q"), "");
  EXPECT_EQ(sure("netctl ipam show side -q"), "");
}

TEST_F(ContainerNetwork, PsTellsWhatARunningOneIsConnectedToByNow) {
  sure("netctl network create back --subnet 10.5.0.0/24");
  serve("--name web --network bridge -p 8080:80");
  sure("netctl add back web -i eth1 -p 8081:80");
  EXPECT_EQ(sure("netctl ps --format {{.Networks}}"), "bridge, back");
  EXPECT_EQ(sure("netctl ps --format {{.Ports}}"), "8080:80/tcp, 8081:80/tcp");
  EXPECT_NE(sure("netctl ps -q --filter network=back"), "");
  sure("netctl network disconnect bridge web");
  EXPECT_EQ(sure("netctl ps --format {{.Networks}}"), "back");
  EXPECT_EQ(sure("netctl ps -q --filter network=bridge"), "");
}

TEST_F(ContainerNetwork, PsTellsTheNumberThatWasChosenForAPort) {
  serve("--name web --network bridge -p 0:80");
  const std::string port = sure("netctl ps --format {{.Ports}}");
  ASSERT_THAT(port, MatchesRegex("[1-9][0-9]*:80/tcp"));
  EXPECT_THAT(sure("netctl port web"), HasSubstr(":" + port.substr(0, port.find(':'))));
  EXPECT_EQ(sure("netctl ls --format {{.Ports}}"), port);
}

TEST_F(ContainerNetwork, OneStandsInThePlaceOfItsNamespace) {
  sure("netctl network create back --subnet 10.5.0.0/24");
  serve("--name web -p 8080:80");
  const std::string id = fact("netctl ps", "id");
  for (const std::string& word : {std::string("web"), id.substr(0, 12), id}) {
    EXPECT_EQ(fact("netctl inspect bridge " + word, "container"), id) << word;
    EXPECT_EQ(sure("netctl port " + word + " 80"), "0.0.0.0:8080") << word;
  }
  sure("netctl check bridge web");
  EXPECT_EQ(fact("netctl sandbox inspect web", "namespace"), "netctl-" + id.substr(0, 12));
  sure("netctl ns add client");
  sure("netctl add bridge client");
  EXPECT_THAT(sure("netctl trace client web:80"), HasSubstr("connection was accepted"));
  EXPECT_THAT(sure("netctl trace web client:80"), HasSubstr("refused: nothing listens there"));

  sure("netctl network connect back web");
  sure("netctl network disconnect back web");
  EXPECT_THAT(run("netctl network disconnect back web").err,
              HasSubstr("web is not connected to network \"back\""));
  sure("netctl del bridge web");
  EXPECT_THAT(run("netctl inspect bridge web").err, HasSubstr("eth0 of web is not attached"));
}

TEST_F(ContainerNetwork, ANamespaceOfTheSameNameComesFirst) {
  serve("--name web");
  sure("netctl ns add web");
  sure("netctl add bridge web");
  const std::string other = fact("netctl inspect bridge web", "container");
  EXPECT_THAT(other, HasSubstr("cnitool-"));
  // Also when it is gone, and left something behind.
  sure("netctl ns rm web");
  EXPECT_EQ(fact("netctl inspect bridge web", "container"), other);
  sure("netctl del bridge web");
  EXPECT_EQ(fact("netctl inspect bridge web", "container"), fact("netctl ps", "id"));
}

TEST_F(ContainerNetwork, OneThatCannotBeConnectedIsToldApart) {
  sure_in_box("--name done -- true");
  EXPECT_THAT(run("netctl network connect bridge done").err,
              HasSubstr("container \"done\" does not run: netctl ps -a shows its state"));
  EXPECT_THAT(run("netctl add bridge done").err, HasSubstr("container \"done\" does not run"));
  sure("netctl del bridge done");
  sure_in_box("--name host --network host -d -- sleep 100");
  EXPECT_THAT(run("netctl network connect bridge host").err,
              HasSubstr("container \"host\" is on the host's network"));
  // The beginning of an id is a namespace's name until it is as long as `ps` shows it.
  EXPECT_THAT(run("netctl add bridge " + fact("netctl ps", "id").substr(0, 11)).err,
              HasSubstr("no namespace"));
}

TEST_F(ContainerNetwork, NamesAreFoundByItsFiles) {
  EXPECT_THAT(
      sure_in_box(
          "--hostname web --domainname example.org --add-host db:10.0.0.5 -- cat /etc/hosts"),
      AllOf(HasSubstr("127.0.0.1\tlocalhost"), HasSubstr("10.0.0.5\tdb"),
            ContainsRegex("172.17.0.[0-9]+\tweb.example.org web")));
  EXPECT_EQ(sure_in_box("--hostname web -- cat /etc/hostname"), "web");
  EXPECT_EQ(sure_in_box("--dns 10.0.0.53 --dns-search example.org --dns-option ndots:2 -- cat "
                        "/etc/resolv.conf"),
            "nameserver 10.0.0.53\nsearch example.org\noptions ndots:2");
  EXPECT_EQ(sure_in_box("--network host -- cat /etc/hosts"), sure("cat /etc/hosts"));
}

TEST_F(ContainerNetwork, ARealRedisAnswersFromItsContainer) {
  if (::access("/usr/bin/redis-check-rdb", X_OK) != 0) GTEST_SKIP() << "needs redis-tools";
  // Debian's server is the same file as this tool, under another name.
  std::filesystem::create_directories(box() + "/usr/bin");
  std::filesystem::copy_file("/usr/bin/redis-check-rdb", box() + "/usr/bin/redis-server");
  for (const char* directory : {"/lib", "/lib64", "/usr/lib", "/bin", "/etc"}) {
    std::filesystem::create_directories(box() + directory);
  }
  const std::string line = format(
      "netctl run --name redis --rootfs {} --network bridge -p 6379:6379 -v /lib:/lib:ro "
      "-v /lib64:/lib64:ro -v /usr/lib:/usr/lib:ro -d -- redis-server --protected-mode no",
      box());
  sure(line);
  EXPECT_TRUE(eventually([&] {
    return run("redis-cli -h 127.0.0.1 -p 6379 ping").out == "PONG\n";
  })) << run("netctl logs redis").out;
}

}  // namespace
}  // namespace netctl::test

// Host port 0: one that is free.
#include <fstream>
#include <regex>

#include <gmock/gmock.h>

#include "tests/system/portmap/portmap_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FreePort : public PortmapHost {
 protected:
  void set_range(const std::string& range) {
    std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << range;
  }

  // The number that add told of the first port.
  std::uint16_t told(const std::string& said) {
    std::smatch match;
    if (!std::regex_search(said, match, std::regex("published [^ ]*?([0-9]+):[0-9]+/"))) return 0;
    return static_cast<std::uint16_t>(std::stoul(match[1]));
  }
};

TEST_F(FreePort, IsChosenFromTheKernelsRangeAndTold) {
  set_range("40000 40100");
  const std::uint16_t port = told(sure("netctl add net web -p 0:80"));

  EXPECT_GE(port, 40000);
  EXPECT_LE(port, 40100);
  Server server("web", 80);
  EXPECT_EQ(ask("lan", kHost4, port, server), kLan4);
  EXPECT_EQ(ask("lan", kHost6, port, server), kLan6);
  EXPECT_EQ(run("netctl check net web").exit_status, 0);
}

TEST_F(FreePort, IsOneThatNobodyHas) {
  set_range("40000 40007");
  sure("sysctl -qw net.ipv4.ip_local_reserved_ports=40003-40004");
  const Server program("", 40001);
  sure("netctl add net neighbour -p 40000:80 -p 127.0.0.1:40002:80 -p 40005-40006");

  EXPECT_EQ(told(sure("netctl add net web -p 0:80")), 40007) << "the only one that is left";

  sure("netctl ns add late");
  const auto refused = run("netctl add net late -p 0:80");
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr("no host port is free for 80/tcp"));
  sure("netctl add net late -p 0:80/udp");
}

TEST_F(FreePort, IsTheSameForAllAddressesOfOneMapping) {
  const std::string said = sure("netctl add net web -p 127.0.0.1:0:80 -p [::1]:0:80");
  const std::uint16_t port = told(said);
  EXPECT_THAT(said, AllOf(HasSubstr(format("published 127.0.0.1:{}:80/tcp", port)),
                          HasSubstr(format("published [::1]:{}:80/tcp", port))));
  EXPECT_EQ(sure("netctl port web"), format("80/tcp -> 127.0.0.1:{0}\n80/tcp -> [::1]:{0}", port));
}

TEST_F(FreePort, OfTwoContainersDiffer) {
  const auto one = told(sure("netctl add net web -p 0:80 -p 0:81"));
  const auto other = told(sure("netctl add net neighbour -p 0:80"));
  EXPECT_NE(one, other);
}

class Port : public PortmapHost {};

TEST_F(Port, ListsWhatTheKernelHas) {
  sure("netctl add net web -p 8080:80 -p 203.0.113.1:5353:53/udp -p 9000-9001:9000-9001");
  EXPECT_EQ(sure("netctl port web"),
            "53/udp -> 203.0.113.1:5353\n"
            "80/tcp -> 0.0.0.0:8080\n"
            "80/tcp -> [::]:8080\n"
            "9000/tcp -> 0.0.0.0:9000\n"
            "9000/tcp -> [::]:9000\n"
            "9001/tcp -> 0.0.0.0:9001\n"
            "9001/tcp -> [::]:9001");
  EXPECT_EQ(sure("netctl port web 80"), "0.0.0.0:8080\n[::]:8080");
  EXPECT_EQ(sure("netctl port web 53/udp"), "203.0.113.1:5353");
  EXPECT_EQ(sure("netctl port web 53/udp --format {{.HostPort}}"), "5353");
  EXPECT_THAT(
      sure("netctl port web 53/udp -o json"),
      AllOf(HasSubstr("\"hostPort\": 5353"), HasSubstr("\"containerAddress\": \"10.7.0.2\"")));
  EXPECT_EQ(sure("netctl port neighbour"), "");
  EXPECT_THAT(run("netctl port web 81").err, HasSubstr("no host port leads to 81/tcp of web"));
}

TEST_F(Port, KnowsContainersByTheirId) {
  sure("netctl add net web --id c1 -p 8080:80");
  EXPECT_EQ(sure("netctl port --id c1 80"), "0.0.0.0:8080\n[::]:8080");
  EXPECT_THAT(sure("netctl port --id c1"), HasSubstr("80/tcp -> 0.0.0.0:8080"));
  EXPECT_EQ(sure("netctl port --id c"), "");
}

}  // namespace
}  // namespace netctl::test

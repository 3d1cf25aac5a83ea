// What `netctl ports` says of a port's packets: each is counted once, whichever way it comes.
#include <gmock/gmock.h>

#include "tests/system/portmap/portmap_host.hpp"

namespace netctl::test {
namespace {

class PortCounters : public PortmapHost {
 protected:
  void SetUp() override {
    PortmapHost::SetUp();
    if (IsSkipped()) return;
    // With it, what a container sends to itself is turned around on the bridge.
    run("sysctl -qw net.bridge.bridge-nf-call-iptables=0");
    without_bridge_netfilter();
  }

  // "packets" or "bytes" of a port that is listed so.
  std::string counted(const std::string& port, const char* what = "Packets") {
    const std::string lines =
        sure(format("netctl ports --format {{{{.Port}}}}={{{{.{}}}}}", what)) + "\n";
    const auto begin = lines.find(port + "=");
    if (begin == std::string::npos) return "no port " + port + " in " + lines;
    const auto number = begin + port.size() + 1;
    return lines.substr(number, lines.find('\n', number) - number);
  }
};

TEST_F(PortCounters, QuestionAndAnswerAreTwoFromEverywhere) {
  sure("netctl add net web -p 8080:80/udp");
  attach_others();
  Server server("web", 80, Transport::Udp);
  for (const bool v6 : {false, true}) {
    const std::string port = v6 ? "[::]:8080/udp" : "0.0.0.0:8080/udp";
    const std::string host = v6 ? kHost6 : kHost4;
    const std::string loopback = v6 ? "::1" : "127.0.0.1";
    int packets = 0;
    EXPECT_EQ(counted(port), "0");
    for (const auto& [ns, address] :
         {std::pair("lan", host), std::pair("", host), std::pair("", loopback),
          std::pair("neighbour", host), std::pair("web", host), std::pair("stranger", host)}) {
      EXPECT_NE(ask(ns, address, 8080, server), "") << ns << " asks " << address;
      EXPECT_EQ(counted(port), format("{}", packets += 2)) << ns << " asks " << address;
    }
  }
}

TEST_F(PortCounters, OfAConnectionCountAllItsPackets) {
  sure("netctl add net web -p 8080:80");
  sure("nft add table ip seen");
  sure("nft add counter ip seen of_port");
  sure("nft add chain ip seen pre { type filter hook prerouting priority -170 ; }");
  sure("nft add rule ip seen pre meta l4proto tcp ct original proto-dst 8080 counter name of_port");
  Server server("web", 80);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("lan", kHost4, 8080, server), kLan4);

  const std::string packets = counted("0.0.0.0:8080/tcp");
  EXPECT_GT(std::stoi(packets), 3 * 6);
  EXPECT_THAT(sure("nft list counter ip seen of_port"),
              testing::HasSubstr(
                  format("packets {} bytes {}\n", packets, counted("0.0.0.0:8080/tcp", "Bytes"))));
}

TEST_F(PortCounters, OfNamedAddressesAndRangesAreTheirOwn) {
  sure("netctl add net web -p 203.0.113.1:8443:80/udp -p 9000-9009:9000-9009/udp -p 8080:80/udp");
  Server http("web", 80, Transport::Udp);
  Server range("web", 9003, Transport::Udp);
  EXPECT_NE(ask("lan", kHost4, 8443, http), "");
  EXPECT_NE(ask("lan", kHost4, 9003, range), "");
  EXPECT_NE(ask("lan", kHost4, 9003, range), "");

  EXPECT_EQ(counted("203.0.113.1:8443/udp"), "2");
  EXPECT_EQ(counted("0.0.0.0:9000-9009/udp"), "4");
  EXPECT_EQ(counted("0.0.0.0:8080/udp"), "0");
  EXPECT_EQ(counted("[::]:9000-9009/udp"), "0");
}

TEST_F(PortCounters, OfPortsThatAreNotTranslatedThereAreNone) {
  sure("netctl network create open --subnet 10.6.0.0/24 -o gateway_mode=routed");
  sure("netctl add open web -p 8080:80");
  EXPECT_EQ(counted("10.6.0.2:80/tcp"), "-");
  EXPECT_THAT(sure("netctl ports -o json"), testing::HasSubstr("\"packets\": null"));
}

TEST_F(PortCounters, BeginAnewWithTheElement) {
  sure("netctl add net web -p 8080:80/udp");
  Server server("web", 80, Transport::Udp);
  EXPECT_NE(ask("lan", kHost4, 8080, server), "");
  sure("nft flush ruleset");
  sure("netctl reload");
  EXPECT_EQ(counted("0.0.0.0:8080/udp"), "0");
}

}  // namespace
}  // namespace netctl::test

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"
#include "tests/support/traffic.hpp"
#include "tests/system/nft/nft_host.hpp"

// What nft(8) shows could still be wrong for packets.
namespace netctl::nft {
namespace {

using netctl::test::Server;
using netctl::test::Succeeds;
using netctl::test::Transport;

class NftPackets : public NftHost {
 protected:
  void SetUp() override {
    NftHost::SetUp();
    if (IsSkipped()) return;
    ASSERT_THAT(socket().apply(product_table()), Succeeds());
    // Not 127.0.0.1: from there the table masquerades, and lo has no other address to do it with.
    add_address("lo:1", "198.51.100.1");
  }

  void add(const Element& element) {
    ASSERT_THAT(socket().apply(Batch("netctl").add(element)), Succeeds());
  }

  // A published port that leads to the host itself.
  static Element published_here(std::uint16_t port) {
    Element element = published(port);
    element.data = {ip("198.51.100.1"), Port{.number = 80}};
    return element;
  }

  // Gives the host one more address. `label` is "lo:1" and so on.
  void add_address(const char* label, const char* text) {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::string_view(label).copy(request.ifr_name, IFNAMSIZ - 1);
    sockaddr_in wanted{};
    wanted.sin_family = AF_INET;
    ASSERT_EQ(::inet_pton(AF_INET, text, &wanted.sin_addr), 1);
    std::memcpy(&request.ifr_addr, &wanted, sizeof wanted);
    ASSERT_EQ(::ioctl(socket.get(), SIOCSIFADDR, &request), 0) << std::strerror(errno);
  }
};

TEST_F(NftPackets, APortOfAnyAddressLeadsToItsTarget) {
  Server server("", 80);
  EXPECT_EQ(test::ask("", "198.51.100.1", 8080, server), "");
  add(published_here(8080));
  EXPECT_EQ(test::ask("", "198.51.100.1", 8080, server), "198.51.100.1");
}

TEST_F(NftPackets, AnotherProtocolDoesNot) {
  add(published_here(8080));
  Server server("", 80, Transport::Udp);
  EXPECT_EQ(test::ask("", "198.51.100.1", 8080, server), "");
}

TEST_F(NftPackets, APortOfOneAddressLeadsFromThisOneOnly) {
  add_address("lo:2", "203.0.113.5");
  add({.set = "publish4",
       .key = {ip("203.0.113.5"), Protocol::Tcp, Port{.number = 8080}},
       .data = {ip("198.51.100.1"), Port{.number = 80}}});
  Server server("", 80);
  EXPECT_EQ(test::ask("", "203.0.113.5", 8080, server), "203.0.113.5");
  EXPECT_EQ(test::ask("", "198.51.100.1", 8080, server), "");
}

TEST_F(NftPackets, Ipv6PortsLeadToTheirTargetsAsWell) {
  add({.set = "publish6",
       .key = {ip("::1"), Protocol::Tcp, Port{.number = 8080}},
       .data = {ip("::1"), Port{.number = 80}}});
  add({.set = "publish6_any",
       .key = {Protocol::Tcp, Port{.number = 8081}},
       .data = {ip("::1"), Port{.number = 80}}});
  Server server("", 80);
  EXPECT_EQ(test::ask("", "::1", 8080, server), "::1");
  EXPECT_EQ(test::ask("", "::1", 8081, server), "::1");
  EXPECT_EQ(test::ask("", "198.51.100.1", 8081, server), "");
}

// The kernel masquerades with the first global address of the interface that the packet leaves by.
TEST_F(NftPackets, WhatLeavesASubnetIsMasqueraded) {
  add_address("lo:2", "172.17.0.2");
  add(published_here(8080));
  Server server("", 80);
  // A client takes the address that it asks as its own: here all of them are the host's.
  EXPECT_EQ(test::ask("", "172.17.0.2", 8080, server), "172.17.0.2");

  const Verdict leave{.kind = Verdict::Kind::Goto, .chain = "masq_172.17.0.0/16"};
  add({.set = "masquerade4", .key = {ip("172.17.0.2")}, .data = {leave}, .comment = "web"});
  EXPECT_EQ(test::ask("", "172.17.0.2", 8080, server), "198.51.100.1");
  EXPECT_EQ(test::ask("", "172.17.0.2", 80, server), "172.17.0.2");  // stays in the subnet
}

TEST_F(NftPackets, AConnectionBackIntoItsSubnetIsHairpinned) {
  add_address("lo:2", "172.17.0.2");
  add(published_here(8080));
  Server server("", 80);
  EXPECT_EQ(test::ask("", "172.17.0.2", 8080, server), "172.17.0.2");

  const Verdict hairpin{.kind = Verdict::Kind::Jump, .chain = "hairpin_172.17.0.0/16"};
  add({.set = "hairpin4", .key = {ip("198.51.100.1")}, .data = {hairpin}, .comment = "web"});
  EXPECT_EQ(test::ask("", "172.17.0.2", 8080, server), "198.51.100.1");
}

}  // namespace
}  // namespace netctl::nft

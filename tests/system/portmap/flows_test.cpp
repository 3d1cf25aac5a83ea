// Flows that live on while ports are published and go: NAT is decided on a flow's first packet, so
// one of UDP that was there before would stick to where it went; one of TCP is meant to.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>

#include <gmock/gmock.h>

#include "runtime-core/nft/conntrack.hpp"
#include "runtime-core/ns/netns.hpp"
#include "tests/system/portmap/portmap_host.hpp"

namespace netctl::test {
namespace {

using testing::IsEmpty;

// A socket of that namespace.
UniqueFd connected(const std::string& ns, const std::string& to, std::uint16_t port, int type) {
  const auto netns = ns::open_netns(ns::pin_directory() + "/" + ns);
  const SocketAddress address(to, port);
  UniqueFd socket = ns::run_in(netns->get(), [&]() -> Result<UniqueFd> {
                      return UniqueFd(::socket(address.family, type | SOCK_CLOEXEC, 0));
                    }).value();
  EXPECT_EQ(::connect(socket.get(), address.get(), address.size), 0);
  return socket;
}

// One UDP socket of another machine: always the same source port.
class Flow {
 public:
  Flow(const std::string& ns, const std::string& to, std::uint16_t port)
      : socket_(connected(ns, to, port, SOCK_DGRAM)) {}

  void send() { EXPECT_EQ(::send(socket_.get(), "?", 1, MSG_NOSIGNAL), 1); }

  // Sends a question; whether that server got it and its answer came back.
  bool reaches(Server& server) {
    if (::send(socket_.get(), "?", 1, MSG_NOSIGNAL) != 1) {
      // An error that came for an earlier packet was told instead.
      if (::send(socket_.get(), "?", 1, MSG_NOSIGNAL) != 1) return false;
    }
    if (server.answer().empty()) return false;
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 500) != 1) return false;
    std::array<char, 64> answer{};
    return ::recv(socket_.get(), answer.data(), answer.size(), 0) > 0;
  }

 private:
  UniqueFd socket_;
};

class Flows : public PortmapHost, public testing::WithParamInterface<bool> {
 protected:
  // What the host tracks to that port, of this family.
  std::vector<nft::Connection> tracked(std::uint16_t port) {
    auto conntrack = nft::Conntrack::open().value();
    return conntrack
        .connections({.family = GetParam() ? Family::V6 : Family::V4,
                      .protocol = Protocol::Udp,
                      .port = port})
        .value();
  }
  std::string pick(const char* v4, const char* v6) const { return GetParam() ? v6 : v4; }
  std::string host() const { return pick(kHost4, kHost6); }
};

TEST_P(Flows, OneToTheHostMovesToTheContainerAtOnce) {
  sure("netctl add net neighbour -p 9999:9999/udp");  // the host tracks connections
  Flow flow("lan", host(), 5353);
  {
    Server on_host("", 5353, Transport::Udp);
    ASSERT_TRUE(flow.reaches(on_host));
  }
  sure("netctl add net web -p 5353:53/udp");
  Server server("web", 53, Transport::Udp);
  EXPECT_TRUE(flow.reaches(server));
}

TEST_P(Flows, OneToAFormerContainerMovesToTheNewOne) {
  sure("netctl add net web -p 5353:53/udp");
  Flow flow("lan", host(), 5353);
  Server former("web", 53, Transport::Udp);
  ASSERT_TRUE(flow.reaches(former));

  sure("netctl del net web");
  EXPECT_THAT(tracked(5353), IsEmpty());
  sure("netctl add net neighbour");  // takes another address
  sure("netctl add net web -p 5353:53/udp");
  Server server("web", 53, Transport::Udp);
  EXPECT_TRUE(flow.reaches(server));
}

TEST_P(Flows, OthersAreTheSameAsBefore) {
  sure("netctl add net neighbour -p 5354:53/udp");
  Flow to_neighbour("lan", host(), 5354);
  Server neighbour("neighbour", 53, Transport::Udp);
  ASSERT_TRUE(to_neighbour.reaches(neighbour));
  // The same port, of a machine that the host only routes to.
  Server outside("lan", 5353, Transport::Udp);
  Flow through("neighbour", pick(kLan4, kLan6), 5353);
  ASSERT_TRUE(through.reaches(outside));
  const auto before = tracked(5354);
  const auto routed = tracked(5353);
  ASSERT_EQ(before.size(), 1U);
  ASSERT_EQ(routed.size(), 1U);

  sure("netctl add net web -p 5353:53/udp");
  EXPECT_EQ(tracked(5354), before);
  EXPECT_EQ(tracked(5353), routed);
  sure("netctl del net web");
  EXPECT_EQ(tracked(5354), before);
  EXPECT_EQ(tracked(5353), routed);
  EXPECT_TRUE(to_neighbour.reaches(neighbour));
}

TEST_P(Flows, AMappingOfOneAddressConcernsThatAddressOnly) {
  sure("netctl add net neighbour -p 9999:9999/udp");
  const std::string gateway = pick("10.7.0.1", "fd00:7::1");
  Server on_host("", 5353, Transport::Udp);
  Flow other("neighbour", gateway, 5353);
  ASSERT_TRUE(other.reaches(on_host));
  const auto before = tracked(5353);
  ASSERT_EQ(before.size(), 1U);
  // A listener on the port would be refused; that flow's is gone now.
  on_host = Server("", 5355, Transport::Udp);

  sure(format("netctl add net web -p {}:5353:53/udp", GetParam() ? "[2001:db8::1]" : kHost4));

  EXPECT_EQ(tracked(5353), before);
}

TEST_P(Flows, AThousandPortsAreLookedThroughAtOnce) {
  sure("netctl add net neighbour -p 9999:9999/udp");
  Flow flow("lan", host(), 5353);
  {
    Server on_host("", 5353, Transport::Udp);
    ASSERT_TRUE(flow.reaches(on_host));
  }
  sure("netctl add net web -p 5000-5999:5000-5999/udp");
  Server server("web", 5353, Transport::Udp);
  EXPECT_TRUE(flow.reaches(server));
  sure("netctl del net web");
  EXPECT_THAT(tracked(5353), IsEmpty());
}

TEST_P(Flows, OneAmongManyIsFoundToo) {
  sure("netctl add net neighbour -p 9999:9999/udp");
  Flow flow("lan", host(), 5353);
  {
    Server on_host("", 5353, Transport::Udp);
    ASSERT_TRUE(flow.reaches(on_host));
    for (std::uint16_t port = 20000; port < 20600; ++port) {
      Flow("lan", host(), port).send();
    }
    ASSERT_FALSE(tracked(20599).empty());
  }
  sure("netctl add net web -p 5353:53/udp");
  Server server("web", 53, Transport::Udp);
  EXPECT_TRUE(flow.reaches(server));
  EXPECT_FALSE(tracked(20599).empty());
}

TEST_P(Flows, AConnectionThatAProgramOfTheHostHasGoesOn) {
  sure("netctl add net neighbour -p 9999:9999");  // the host tracks connections
  UniqueFd accepted;
  UniqueFd client;
  {
    Server listener("", 8080);
    client = connected("lan", host(), 8080, SOCK_STREAM);
    pollfd waiting{.fd = listener.fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&waiting, 1, 500), 1);
    accepted = UniqueFd(::accept(listener.fd(), nullptr, nullptr));
    ASSERT_TRUE(accepted);
  }  // it listens no more, and still talks

  sure("netctl add net web -p 8080:80");
  ASSERT_EQ(::send(client.get(), "?", 1, MSG_NOSIGNAL), 1);
  pollfd waiting{.fd = accepted.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&waiting, 1, 500), 1) << "what it had to say went to the container";
  Server server("web", 80);
  EXPECT_NE(ask("lan", host(), 8080, server), "") << "a new one does not get to the container";
}

INSTANTIATE_TEST_SUITE_P(Families, Flows, testing::Bool(),
                         [](const auto& family) { return family.param ? "V6" : "V4"; });

}  // namespace
}  // namespace netctl::test

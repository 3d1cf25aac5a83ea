#include "runtime-core/diag/listeners.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/diag/holder.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/private_host.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::diag {
namespace {

using netctl::test::Succeeds;
using testing::IsEmpty;

class Listeners : public test::PrivateHost {
 protected:
  // A socket bound to the address and port; TCP listens.
  static UniqueFd bound(const std::string& address, std::uint16_t port, int type,
                        bool v6_only = false) {
    const test::SocketAddress wanted(address, port);
    UniqueFd socket(::socket(wanted.family, type | SOCK_CLOEXEC, 0));
    if (wanted.family == AF_INET6) {
      const int only = v6_only ? 1 : 0;
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    EXPECT_EQ(::bind(socket.get(), wanted.get(), wanted.size), 0);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(socket.get(), 1), 0);
    }
    return socket;
  }

  // "0.0.0.0 80", "[::] 80 v4 too".
  static std::vector<std::string> texts(Protocol protocol, std::optional<std::uint16_t> port = {}) {
    const auto found = listeners(protocol, port);
    EXPECT_THAT(found, Succeeds());
    std::vector<std::string> all;
    if (!found) return all;
    for (const Listener& one : *found) {
      all.push_back(
          format("{} {}{}", one.address.to_text(), one.port, one.v4_too ? " v4 too" : ""));
    }
    return all;
  }
};

TEST_F(Listeners, TcpSocketsThatListenAreToldWithTheirAddress) {
  const auto any = bound("0.0.0.0", 80, SOCK_STREAM);
  const auto local = bound("127.0.0.1", 81, SOCK_STREAM);
  const auto both = bound("::", 82, SOCK_STREAM);
  const auto only = bound("::", 83, SOCK_STREAM, true);
  const auto mapped = bound("::ffff:127.0.0.1", 84, SOCK_STREAM);

  EXPECT_THAT(texts(Protocol::Tcp),
              testing::UnorderedElementsAre("0.0.0.0 80", "127.0.0.1 81", ":: 82 v4 too", ":: 83",
                                            "127.0.0.1 84"));
  EXPECT_THAT(texts(Protocol::Tcp, 81), testing::ElementsAre("127.0.0.1 81"));
  EXPECT_THAT(texts(Protocol::Tcp, 85), IsEmpty());
  EXPECT_THAT(texts(Protocol::Udp), IsEmpty());
}

TEST_F(Listeners, ASocketThatIsOnlyBoundOrConnectedTakesNobody) {
  const auto server = bound("127.0.0.1", 80, SOCK_STREAM);
  UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const test::SocketAddress web("127.0.0.1", 80);
  ASSERT_EQ(::connect(client.get(), web.get(), web.size), 0);
  const auto waiting = bound("127.0.0.1", 53, SOCK_DGRAM);
  UniqueFd asking(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const test::SocketAddress name_server("127.0.0.1", 53);
  ASSERT_EQ(::connect(asking.get(), name_server.get(), name_server.size), 0);

  EXPECT_THAT(texts(Protocol::Tcp), testing::ElementsAre("127.0.0.1 80"));
  EXPECT_THAT(texts(Protocol::Udp), testing::ElementsAre("127.0.0.1 53"));
}

TEST_F(Listeners, AProtocolThatTheKernelDoesNotHaveHasNone) {
  EXPECT_THAT(texts(Protocol::Sctp), IsEmpty());
}

TEST_F(Listeners, TheProcessIsFoundByTheSocket) {
  const auto socket = bound("127.0.0.1", 80, SOCK_STREAM);
  const auto found = listeners(Protocol::Tcp, 80);
  ASSERT_THAT(found, Succeeds());
  ASSERT_EQ(found->size(), 1U);

  const auto holder = find_holder(found->front().inode);

  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, ::getpid());
  EXPECT_EQ(holder->program, "system-diag");
  EXPECT_FALSE(find_holder(0));
}

TEST_F(Listeners, SoManyThatTheListingComesInPartsAreAllTold) {
  std::vector<UniqueFd> sockets;
  for (std::uint16_t port = 20000; port < 20500; ++port) {
    sockets.push_back(bound("127.0.0.1", port, SOCK_STREAM));
  }
  EXPECT_EQ(texts(Protocol::Tcp).size(), sockets.size());
}

}  // namespace
}  // namespace netctl::diag

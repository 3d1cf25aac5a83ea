#include "runtime-core/nft/conntrack.hpp"

#include <sys/socket.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "runtime-core/base/unique_fd.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/traffic.hpp"
#include "tests/system/nft/nft_host.hpp"

namespace netctl::nft {
namespace {

using netctl::test::Succeeds;
using testing::ElementsAre;
using testing::IsEmpty;

// A UDP flow that lives as long as this: it can send more of the same.
class Flow {
 public:
  Flow(const std::string& to, std::uint16_t port) {
    const test::SocketAddress address(to, port);
    socket_ = UniqueFd(::socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket_.get(), address.get(), address.size), 0);
    send();
  }
  // That nobody listens does not matter: what goes out is tracked.
  void send() const { (void)!::send(socket_.get(), "?", 1, MSG_NOSIGNAL); }

 private:
  UniqueFd socket_;
};

class NftConntrack : public NftHost {
 protected:
  void SetUp() override {
    NftHost::SetUp();
    if (IsSkipped()) return;
    // Connections are tracked where a rule asks for them.
    ASSERT_THAT(socket().apply(product_table()), Succeeds());
    auto opened = Conntrack::open();
    ASSERT_THAT(opened, Succeeds());
    conntrack_.emplace(std::move(*opened));
  }

  std::vector<Connection> connections(const ConnectionFilter& filter) {
    auto found = conntrack_->connections(filter);
    EXPECT_THAT(found, Succeeds());
    return std::move(found).value_or({});
  }
  Connection the_one(const ConnectionFilter& filter) {
    const auto found = connections(filter);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? Connection{} : found.front();
  }

  std::optional<Conntrack> conntrack_;
};

constexpr ConnectionFilter udp_to(std::uint16_t port) {
  return {.protocol = Protocol::Udp, .port = port};
}

TEST_F(NftConntrack, AConnectionIsFoundByWhereItWasBegunTo) {
  const Flow flow("127.0.0.1", 5300);

  const Connection found = the_one(udp_to(5300));
  EXPECT_EQ(found.original.source, ip("127.0.0.1"));
  EXPECT_EQ(found.original.destination, ip("127.0.0.1"));
  EXPECT_EQ(found.original.destination_port, 5300);
  EXPECT_EQ(found.reply.source_port, 5300);
  EXPECT_EQ(found.reply.destination_port, found.original.source_port);
}

TEST_F(NftConntrack, AFilterLooksAtFamilyProtocolPortAndAddress) {
  const Flow flow("127.0.0.1", 5300);
  const Flow other_address("127.0.0.2", 5300);
  const Flow other_port("127.0.0.1", 5301);
  const Flow other_family("::1", 5300);

  EXPECT_EQ(connections({.protocol = Protocol::Udp}).size(), 3U);
  EXPECT_EQ(connections(udp_to(5300)).size(), 2U);
  EXPECT_EQ(the_one({.protocol = Protocol::Udp, .port = 5300, .address = ip("127.0.0.2")})
                .original.destination,
            ip("127.0.0.2"));
  EXPECT_EQ(
      the_one({.family = Family::V6, .protocol = Protocol::Udp, .port = 5300}).original.destination,
      ip("::1"));
  EXPECT_THAT(connections({.protocol = Protocol::Tcp, .port = 5300}), IsEmpty());
}

TEST_F(NftConntrack, DeletingOneLeavesAllOthersAsTheyWere) {
  const Flow flow("127.0.0.1", 5300);
  const Flow same_port("127.0.0.1", 5300);
  const Flow other_port("127.0.0.1", 5301);
  const Flow other_family("::1", 5300);
  const Connection kept_v6 =
      the_one({.family = Family::V6, .protocol = Protocol::Udp, .port = 5300});
  const Connection kept = the_one(udp_to(5301));
  const auto both = connections(udp_to(5300));
  ASSERT_EQ(both.size(), 2U);

  ASSERT_THAT(conntrack_->delete_connection(both[0]), Succeeds());

  EXPECT_THAT(connections(udp_to(5300)), ElementsAre(both[1]));
  EXPECT_THAT(connections(udp_to(5301)), ElementsAre(kept));
  EXPECT_THAT(connections({.family = Family::V6, .protocol = Protocol::Udp}), ElementsAre(kept_v6));
}

TEST_F(NftConntrack, OnlyTheVeryConnectionThatWasFoundIsDeleted) {
  const Flow flow("127.0.0.1", 5300);
  const Connection found = the_one(udp_to(5300));
  Connection former = found;
  former.id ^= 1U;

  EXPECT_THAT(conntrack_->delete_connection(former), Succeeds()) << "it is gone already";
  EXPECT_THAT(connections(udp_to(5300)), ElementsAre(found));

  EXPECT_THAT(conntrack_->delete_connection(found), Succeeds());
  EXPECT_THAT(connections(udp_to(5300)), IsEmpty());
  EXPECT_THAT(conntrack_->delete_connection(found), Succeeds());
}

}  // namespace
}  // namespace netctl::nft

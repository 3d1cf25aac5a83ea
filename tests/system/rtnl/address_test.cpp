#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tests/system/rtnl/rtnl_host.hpp"

namespace netctl::rtnl {
namespace {

class Addresses : public RtnlHost {
 protected:
  // The addresses of a link, without the one that the kernel gives it for IPv6.
  std::vector<std::string> texts(int link) {
    std::vector<std::string> all;
    for (const Address& address : host().addresses(link).value()) {
      if (address.scope != RT_SCOPE_LINK) all.push_back(address.prefix.to_text());
    }
    return all;
  }

  // The broadcast address that the kernel has for a link, asked for by the old interface.
  static std::string broadcast(const std::string& link) {
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    link.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(fd.get(), SIOCGIFBRDADDR, &request) != 0) return std::strerror(errno);
    sockaddr_in answer{};
    std::memcpy(&answer, &request.ifr_broadaddr, sizeof answer);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &answer.sin_addr, bytes.size());
    return IpAddress::from_bytes(bytes).to_text();
  }
};

TEST_F(Addresses, BothFamiliesAreThereAsTheyWereAdded) {
  const int br0 = bridge("br0", {"172.17.0.1/16", "fd00::1/64"});
  EXPECT_THAT(texts(br0), testing::UnorderedElementsAre("172.17.0.1/16", "fd00::1/64"));
}

TEST_F(Addresses, TheRouteToTheirNetworkComesOnlyWhereItIsWanted) {
  const int br0 = bridge("br0");
  Batch batch;
  batch.change_link({.link = br0, .up = true});
  for (const char* text : {"172.17.0.1/16", "fd00::1/64"}) {
    batch.add_address(br0, prefix(text), 0, ConnectedRoute::None);
  }
  batch.add_address(br0, prefix("10.0.0.1/8"));
  ASSERT_THAT(apply(batch), Succeeds());

  std::vector<std::string> networks;
  for (const Family family : {Family::V4, Family::V6}) {
    for (const Route& route : host().routes(family, 254, br0).value()) {
      networks.push_back(route.destination.to_text());
    }
  }
  std::erase(networks, "fe80::/64");
  EXPECT_THAT(networks, testing::ElementsAre("10.0.0.0/8"));
}

TEST_F(Addresses, AnIpv4NetworkHasItsBroadcastAddress) {
  bridge("br0", {"172.17.0.1/16"});
  bridge("br1", {"10.0.0.1/32"});
  EXPECT_EQ(broadcast("br0"), "172.17.255.255");
  EXPECT_EQ(broadcast("br1"), "0.0.0.0");
}

TEST_F(Addresses, AnIpv6AddressIsUsableAtOnce) {
  // Both ends up: without a carrier there would be no duplicate detection to skip.
  veth("veth1", "eth0");
  const int eth0 = link("eth0").index;
  Batch batch;
  batch.change_link({.link = eth0, .up = true}).add_address(eth0, prefix("fd00::5/64"));
  ASSERT_THAT(apply(batch), Succeeds());
  ASSERT_TRUE(link("eth0").carrier);

  const auto addresses = host().addresses(eth0).value();
  const auto ours = std::ranges::find(addresses, prefix("fd00::5/64"), &Address::prefix);
  ASSERT_NE(ours, addresses.end());
  EXPECT_FALSE(ours->tentative);
  EXPECT_FALSE(ours->duplicate);
}

TEST_F(Addresses, TheKernelsOwnIpv6AddressIsTentativeAtFirst) {
  veth("veth1", "eth0");
  Batch batch;
  batch.change_link({.link = "eth0", .up = true});
  ASSERT_THAT(apply(batch), Succeeds());

  EXPECT_THAT(host().addresses(link("eth0").index).value(),
              Contains(testing::Field(&Address::tentative, true)));
}

TEST_F(Addresses, ALoopbackAddressHasTheScopeOfTheHost) {
  Batch batch;
  batch.add_address(link("lo").index, prefix("127.0.0.2/8"));
  ASSERT_THAT(apply(batch), Succeeds());
  EXPECT_THAT(host().addresses(1).value(),
              Contains(AllOf(testing::Field(&Address::prefix, prefix("127.0.0.2/8")),
                             testing::Field(&Address::scope, RT_SCOPE_HOST))));
}

TEST_F(Addresses, OneLinksAreNotMixedWithAnothers) {
  const int br0 = bridge("br0", {"10.0.0.1/24", "fd00::1/64"});
  const int br1 = bridge("br1", {"10.0.1.1/24", "fd01::1/64"});
  EXPECT_THAT(texts(br0), testing::UnorderedElementsAre("10.0.0.1/24", "fd00::1/64"));
  EXPECT_THAT(texts(br1), testing::UnorderedElementsAre("10.0.1.1/24", "fd01::1/64"));
  EXPECT_THAT(texts(0),
              AllOf(Contains("10.0.0.1/24"), Contains("fd01::1/64"), Contains("127.0.0.1/8")));
}

TEST_F(Addresses, OneThatIsThereIsRefusedUnlessThatIsFine) {
  const int br0 = bridge("br0");
  for (const char* address : {"10.0.0.1/24", "fd00::1/64"}) {
    SCOPED_TRACE(address);
    Batch refused;
    refused.add_address(br0, prefix(address)).add_address(br0, prefix(address));
    Batch fine;
    fine.add_address(br0, prefix(address), EEXIST);
    EXPECT_THAT(apply(refused), FailsWith(Errc::Exists));
    EXPECT_THAT(apply(fine), Succeeds());
  }
}

TEST_F(Addresses, OneThatIsGoneAlreadyIsDeleted) {
  const int br0 = bridge("br0", {"10.0.0.1/24", "fd00::1/64"});
  Batch batch;
  for (const char* address : {"10.0.0.1/24", "fd00::1/64"}) {
    batch.delete_address(br0, prefix(address)).delete_address(br0, prefix(address));
    batch.delete_address(4711, prefix(address));
  }
  EXPECT_THAT(apply(batch), Succeeds());
  EXPECT_THAT(texts(br0), IsEmpty());
}

TEST_F(Addresses, OfALinkThatIsNotThereIsAnError) {
  EXPECT_THAT(host().addresses(4711), FailsWith(Errc::NotFound));
  EXPECT_THAT(host().addresses(4711), FailsSaying(HasSubstr("list addresses of link 4711")));
}

}  // namespace
}  // namespace netctl::rtnl

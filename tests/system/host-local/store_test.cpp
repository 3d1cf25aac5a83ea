#include "ipam/host-local/store.hpp"

#include <sys/mount.h>

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"
#include "tests/support/private_host.hpp"

namespace netctl::host_local {
namespace {

using test::Succeeds;
using testing::ElementsAre;

class StoreOnAHost : public test::PrivateHost {};

// Without /proc an unnamed file cannot be linked, so this is the way by the temporary name.
TEST_F(StoreOnAHost, AddressesAreReservedWhereProcIsMissing) {
  auto store = Store::open({.directory = "/run/data/net"});
  ASSERT_THAT(store, Succeeds());
  const IpAddress address = IpAddress::v4(10, 0, 0, 2);
  ASSERT_EQ(::mount("tmpfs", "/proc", "tmpfs", 0, nullptr), 0);
  const auto first = store->reserve(address, {.container_id = "c1", .ifname = "eth0"}, "");
  const auto second = store->reserve(address, {.container_id = "c2", .ifname = "eth0"}, "");
  ASSERT_EQ(::umount2("/proc", MNT_DETACH), 0);

  ASSERT_THAT(first, Succeeds());
  EXPECT_TRUE(*first);
  ASSERT_THAT(second, Succeeds());
  EXPECT_FALSE(*second);
  EXPECT_EQ(sys::read_file("/run/data/net/10.0.0.2").value(), "c1\r\neth0");
  EXPECT_THAT(sys::list_directory("/run/data/net").value(), ElementsAre("10.0.0.2", "lock"));
}

}  // namespace
}  // namespace netctl::host_local

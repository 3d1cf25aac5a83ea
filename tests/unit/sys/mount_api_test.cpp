#include "runtime-core/sys/mount_api.hpp"

#include <gtest/gtest.h>

namespace netctl::sys {
namespace {

TEST(InitialRamdisk, IsToldByTheRootsFileSystem) {
  EXPECT_TRUE(
      is_initial_ramdisk("1 1 0:2 / / rw - rootfs rootfs rw,size=493212k\n"
                         "20 1 0:20 / /proc rw,relatime - proc proc rw\n"));
  EXPECT_FALSE(
      is_initial_ramdisk("28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
                         "20 28 0:20 / /proc rw,relatime - proc proc rw\n"));
  EXPECT_FALSE(is_initial_ramdisk(""));
}

TEST(InitialRamdisk, IsNotTheRootWhenAnotherIsMountedOverIt) {
  EXPECT_FALSE(
      is_initial_ramdisk("1 1 0:2 / / rw - rootfs rootfs rw\n"
                         "20 1 0:20 / / rw,relatime - ext4 /dev/vda rw\n"));
  EXPECT_FALSE(
      is_initial_ramdisk("28 1 254:0 / / rw - ext4 /dev/vda rw\n"
                         "29 28 0:2 / /old rw - rootfs rootfs rw\n"));
}

}  // namespace
}  // namespace netctl::sys

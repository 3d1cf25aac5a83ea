#include "runtime-core/rootfs/mount_options.hpp"

#include <sys/mount.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::rootfs {
namespace {

using test::FailsSaying;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MountOptions parsed(const std::vector<std::string>& words) {
  auto options = parse_mount_options(words);
  EXPECT_TRUE(options) << (options ? "" : options.error().message);
  return options ? *options : MountOptions{};
}

TEST(MountOptions, AreAttributesPropagationAndTheFileSystemsOwn) {
  const MountOptions options = parsed({"nosuid", "nodev", "ro", "rslave", "size=64k", "mode=755"});
  EXPECT_EQ(options.mount.set, sys::kNoSetuid | sys::kNoDevices | sys::kReadOnly);
  EXPECT_EQ(options.propagation_all, static_cast<std::uint64_t>(MS_SLAVE));
  EXPECT_THAT(options.data, ElementsAre("size=64k", "mode=755"));
  EXPECT_FALSE(options.bind);
}

TEST(MountOptions, TheLaterWordWins) {
  EXPECT_EQ(parsed({"ro", "rw"}).mount.set, 0U);
  EXPECT_EQ(parsed({"ro", "rw"}).mount.clear, sys::kReadOnly);
  EXPECT_EQ(parsed({"rw", "ro"}).mount.set, sys::kReadOnly);
  EXPECT_EQ(parsed({"noatime", "strictatime"}).mount.set, sys::kStrictAccessTime);
}

TEST(MountOptions, WithAnRInFrontAreForAllBelow) {
  const MountOptions options = parsed({"rbind", "rro", "rnosuid"});
  EXPECT_TRUE(options.bind);
  EXPECT_TRUE(options.recursive);
  EXPECT_EQ(options.all.set, sys::kReadOnly | sys::kNoSetuid);
  EXPECT_EQ(options.mount.set, 0U);
  // relatime is a word of its own, and no recursive "elatime".
  EXPECT_EQ(parsed({"relatime"}).all.clear, 0U);
}

TEST(MountOptions, WordsThatSayNothingAreTaken) {
  const MountOptions options = parsed({"defaults", "async", "loud", ""});
  EXPECT_THAT(options.data, IsEmpty());
}

TEST(MountOptions, OfABindMountAreNeverTheFileSystems) {
  EXPECT_THAT(parse_mount_options({"bind", "size=64k"}), FailsSaying(HasSubstr("size=64k")));
}

TEST(MountOptions, ThatCannotBeHadAreRefusedAndNotIgnored) {
  for (const char* word : {"remount", "idmap", "ridmap"}) {
    EXPECT_THAT(parse_mount_options({word}), FailsSaying(HasSubstr(word)));
  }
}

}  // namespace
}  // namespace netctl::rootfs

#include "runtime-core/cgroup/layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl::cgroup {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kHybrid =
    "22 26 0:21 / /sys rw,relatime - sysfs sysfs rw\n"
    "30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
    "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(CgroupLayout, OfAHybridMachineHasBothVersions) {
  const Layout layout = parse_layout(kHybrid);

  ASSERT_EQ(layout.hierarchies.size(), 3U);
  EXPECT_THAT(layout.hierarchies[0].controllers, ElementsAre("cpu", "cpuacct"));
  EXPECT_EQ(layout.find("cpuacct")->mount_point, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(layout.version_of("memory"), 1);
  ASSERT_TRUE(layout.unified());
  EXPECT_EQ(layout.unified()->mount_point, "/sys/fs/cgroup/unified");
}

TEST(CgroupLayout, HasNoControllerInAHierarchyThatIsOnlyNamed) {
  const Layout layout = parse_layout(kHybrid);
  EXPECT_EQ(layout.find("name=systemd"), nullptr);
  EXPECT_EQ(layout.version_of("pids"), 0);
}

TEST(CgroupLayout, OfVersionTwoAloneIsOneHierarchy) {
  const Layout layout =
      parse_layout("30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
  ASSERT_EQ(layout.hierarchies.size(), 1U);
  EXPECT_EQ(layout.unified()->version, 2);
}

TEST(CgroupLayout, TakesTheFirstOfTwoMountsOfOneHierarchy) {
  const Layout layout = parse_layout(
      "34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "99 30 0:31 / /elsewhere rw - cgroup cgroup rw,memory\n");
  ASSERT_EQ(layout.hierarchies.size(), 1U);
  EXPECT_EQ(layout.hierarchies[0].mount_point, "/sys/fs/cgroup/memory");
}

TEST(CgroupLayout, ReadsPathsAsTheKernelEscapesThem) {
  const Layout layout = parse_layout("34 30 0:31 / /a\\040b\\134c rw - cgroup cgroup rw,memory\n");
  ASSERT_EQ(layout.hierarchies.size(), 1U);
  EXPECT_EQ(layout.hierarchies[0].mount_point, "/a b\\c");
}

TEST(CgroupLayout, OfTextThatMakesNoSenseIsEmpty) {
  for (const char* text : {"", "\n\n", "nonsense", "1 2 3 - cgroup", "a b c d e f - cgroup x"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(parse_layout(text).hierarchies, IsEmpty());
  }
}

}  // namespace
}  // namespace netctl::cgroup

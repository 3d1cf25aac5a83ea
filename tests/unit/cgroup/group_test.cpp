// Groups in a directory tree that only looks like cgroups.
#include "runtime-core/cgroup/group.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::cgroup {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

class GroupInATree : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cgroup-test.XXXXXX";
    ASSERT_TRUE(::mkdtemp(name));
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void put(const std::string& file, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + file).parent_path());
    std::ofstream(root_ + file) << content;
  }
  std::string get(const std::string& file) const {
    std::stringstream content;
    content << std::ifstream(root_ + file).rdbuf();
    return content.str();
  }
  Layout v2(const std::vector<std::string>& controllers) const {
    return {{{.version = 2, .controllers = controllers, .mount_point = root_}}};
  }

  std::string root_;
};

TEST_F(GroupInATree, OfVersionTwoGetsEveryLevelItsControllers) {
  put("/cgroup.controllers", "cpu memory pids\n");
  put("/cgroup.subtree_control", "");
  put("/netctl/cgroup.controllers", "cpu memory\n");
  put("/netctl/cgroup.subtree_control", "");
  Group group(v2({"cpu", "memory", "pids"}), "/netctl/c1");

  ASSERT_THAT(group.create(), Succeeds());

  EXPECT_EQ(get("/cgroup.subtree_control"), "+cpu +memory +pids ");
  EXPECT_EQ(get("/netctl/cgroup.subtree_control"), "+cpu +memory ");
  EXPECT_TRUE(std::filesystem::is_directory(root_ + "/netctl/c1"));
  EXPECT_TRUE(group.exists());
}

TEST_F(GroupInATree, IsNotTakenFromOthersWhoAreInIt) {
  put("/netctl/c1/cgroup.procs", "4711\n");
  Group group(v2({}), "/netctl/c1");
  EXPECT_THAT(group.create(), FailsSaying(HasSubstr("container's cgroup is not empty")));
}

// "0" into "tasks" moves the writing thread alone, for which the kernel stops nobody else.
TEST_F(GroupInATree, OfVersionOneIsEnteredByTheProcessItself) {
  put("/c1/tasks", "");
  put("/c1/cgroup.procs", "");
  const Group group(Layout{{{.version = 1, .controllers = {"cpu"}, .mount_point = root_}}}, "/c1");
  auto entrance = group.open_entrance();
  ASSERT_THAT(entrance, Succeeds());

  ASSERT_THAT(entrance->enter(true), Succeeds());
  EXPECT_EQ(get("/c1/tasks"), "0");
  EXPECT_EQ(get("/c1/cgroup.procs"), "");

  ASSERT_THAT(entrance->enter(true), Succeeds());
  EXPECT_EQ(get("/c1/tasks"), "0") << "it is closed once it was used";
}

TEST_F(GroupInATree, OfVersionTwoIsEnteredByWhoWasNotBornThere) {
  put("/c1/cgroup.procs", "");
  const Group group(v2({}), "/c1");
  auto born = group.open_entrance();
  auto other = group.open_entrance();
  ASSERT_THAT(born, Succeeds());
  ASSERT_THAT(other, Succeeds());

  ASSERT_THAT(born->enter(true), Succeeds());
  EXPECT_EQ(get("/c1/cgroup.procs"), "");
  ASSERT_THAT(other->enter(false), Succeeds());
  EXPECT_EQ(get("/c1/cgroup.procs"), "0");
}

// A frozen process that was killed dies when it thaws, and whoever waits for that may remove its
// group at once.
TEST_F(GroupInATree, ThatIsGoneIsNotFrozen) {
  const Layout v1{{{.version = 1, .controllers = {"freezer"}, .mount_point = root_}}};
  for (const Layout& layout : {v1, v2({})}) {
    const Group group(layout, "/c1");
    EXPECT_THAT(group.set_frozen(false), Succeeds());
    EXPECT_THAT(group.set_frozen(true), FailsSaying(HasSubstr("/c1/")));
  }
}

TEST_F(GroupInATree, ThatIsGoneHasNoEntrance) {
  const Group group(v2({}), "/c1");
  EXPECT_THAT(group.open_entrance(), FailsSaying(HasSubstr("/c1/cgroup.procs")));
}

TEST_F(GroupInATree, OfVersionOneCpusetInheritsItsCpus) {
  put("/cpuset.cpus", "0-1\n");
  put("/cpuset.mems", "0\n");
  for (const char* directory : {"/netctl", "/netctl/c1"}) {
    put(std::string(directory) + "/cpuset.cpus", "");
    put(std::string(directory) + "/cpuset.mems", "");
  }
  Group group(Layout{{{.version = 1, .controllers = {"cpuset"}, .mount_point = root_}}},
              "/netctl/c1");

  ASSERT_THAT(group.create(), Succeeds());

  EXPECT_EQ(get("/netctl/c1/cpuset.cpus"), "0-1");
  EXPECT_EQ(get("/netctl/c1/cpuset.mems"), "0");
}

TEST_F(GroupInATree, WritesItsLimitsIntoItsFiles) {
  put("/c1/memory.max", "");
  put("/c1/memory.swap.max", "");
  put("/c1/cpu.max", "");
  const Group group(v2({"memory", "cpu"}), "/c1");

  ASSERT_THAT(group.apply({.memory = {.limit = 4096, .swap = 4096},
                           .cpu = {.quota = 50'000, .period = 100'000}}),
              Succeeds());

  EXPECT_EQ(get("/c1/memory.max"), "4096");
  EXPECT_EQ(get("/c1/memory.swap.max"), "0");
  EXPECT_EQ(get("/c1/cpu.max"), "50000 100000");
}

TEST_F(GroupInATree, WithoutAFileForALimitSaysWhich) {
  put("/c1/cgroup.procs", "");
  const Group group(v2({"memory"}), "/c1");
  EXPECT_THAT(group.apply({.memory = {.limit = 4096}}), FailsSaying(HasSubstr("memory.max")));
  // No swap on this machine, and none wanted.
  put("/c1/memory.max", "");
  EXPECT_THAT(group.apply({.memory = {.limit = 4096, .swap = 4096}}), Succeeds());
}

TEST_F(GroupInATree, TellsWhatItUsed) {
  put("/c1/cpu.stat", "usage_usec 1500\nuser_usec 1000\nnr_throttled 7\n");
  put("/c1/memory.current", "123\n");
  put("/c1/memory.max", "max\n");
  put("/c1/memory.events", "low 0\noom 1\noom_kill 2\n");
  put("/c1/pids.current", "3\n");
  put("/c1/pids.max", "64\n");
  put("/c1/io.stat", "8:0 rbytes=100 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2 rios=1\n");
  const Group group(v2({"cpu", "memory", "pids", "io"}), "/c1");

  const Statistics used = group.statistics();

  EXPECT_EQ(used.cpu_ns, 1'500'000U);
  EXPECT_EQ(used.throttled_periods, 7U);
  EXPECT_EQ(used.memory, 123U);
  EXPECT_EQ(used.memory_limit, std::nullopt);
  EXPECT_EQ(used.oom_kills, 2U);
  EXPECT_EQ(used.pids, 3U);
  EXPECT_EQ(used.pids_limit, 64U);
  EXPECT_EQ(used.read_bytes, 101U);
  EXPECT_EQ(used.written_bytes, 22U);
}

TEST_F(GroupInATree, MembersAreThoseOfTheGroupsBelowToo) {
  put("/c1/cgroup.procs", "10\n11\n");
  put("/c1/below/cgroup.procs", "12\n");
  const Group group(v2({}), "/c1");
  const auto members = group.members();
  ASSERT_THAT(members, Succeeds());
  EXPECT_THAT(*members, testing::ElementsAre(10, 11, 12));
}

}  // namespace
}  // namespace netctl::cgroup

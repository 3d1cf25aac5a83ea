// Limits in the words of the OCI specification, and what each version's files get of them.
#include "runtime-core/cgroup/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::cgroup {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

const Layout kV1{{{.version = 1, .controllers = {"cpu"}, .mount_point = "/c/cpu"},
                  {.version = 1, .controllers = {"cpuset"}, .mount_point = "/c/cpuset"},
                  {.version = 1, .controllers = {"memory"}, .mount_point = "/c/memory"},
                  {.version = 1, .controllers = {"pids"}, .mount_point = "/c/pids"},
                  {.version = 1, .controllers = {"blkio"}, .mount_point = "/c/blkio"},
                  {.version = 1, .controllers = {"devices"}, .mount_point = "/c/devices"},
                  {.version = 1, .controllers = {"hugetlb"}, .mount_point = "/c/hugetlb"}}};
const Layout kV2{{{.version = 2,
                   .controllers = {"cpu", "cpuset", "memory", "pids", "io", "hugetlb"},
                   .mount_point = "/c"}}};

// "file=value" for each write, in their order.
std::string text_of(const Resources& resources, const Layout& layout) {
  const auto writes = plan(resources, layout);
  if (!writes) return writes.error().message;
  std::string text;
  for (const Write& each : *writes) {
    text += (text.empty() ? "" : " ") + each.file + "=" + each.value;
  }
  return text;
}

TEST(CgroupPlan, OfMemory) {
  const struct {
    Memory memory;
    std::string v1;
    std::string v2;
  } table[] = {
      {{.limit = 1000}, "memory.limit_in_bytes=1000", "memory.max=1000"},
      {{.limit = -1}, "memory.limit_in_bytes=-1", "memory.max=max memory.swap.max=max"},
      {{.limit = 1000, .swap = 1500},
       "memory.limit_in_bytes=1000 memory.memsw.limit_in_bytes=1500",
       "memory.max=1000 memory.swap.max=500"},
      {{.limit = 1000, .swap = 1000},
       "memory.limit_in_bytes=1000 memory.memsw.limit_in_bytes=1000",
       "memory.max=1000 memory.swap.max=0"},
      {{.limit = 1000, .swap = -1},
       "memory.limit_in_bytes=1000 memory.memsw.limit_in_bytes=-1",
       "memory.max=1000 memory.swap.max=max"},
      {{.reservation = 700}, "memory.soft_limit_in_bytes=700", "memory.low=700"},
      {{.limit = 1000, .swap = 0}, "memory.limit_in_bytes=1000", "memory.max=1000"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.v1);
    EXPECT_EQ(text_of({.memory = row.memory}, kV1), row.v1);
    EXPECT_EQ(text_of({.memory = row.memory}, kV2), row.v2);
  }
}

TEST(CgroupPlan, RefusesSwapThatDoesNotGoTogetherWithMemory) {
  EXPECT_THAT(plan({.memory = {.swap = 1000}}, kV2), FailsSaying(HasSubstr("needs a limit")));
  EXPECT_THAT(plan({.memory = {.limit = 1000, .swap = 999}}, kV1), FailsSaying(HasSubstr("below")));
}

TEST(CgroupPlan, OfCpuTime) {
  const struct {
    Cpu cpu;
    std::string v1;
    std::string v2;
  } table[] = {
      {{.shares = 1024}, "cpu.shares=1024", "cpu.weight=100"},
      {{.shares = 0}, "", ""},
      {{.quota = 50'000, .period = 100'000},
       "cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000",
       "cpu.max=50000 100000"},
      {{.quota = 50'000}, "cpu.cfs_quota_us=50000", "cpu.max=50000"},
      {{.quota = -1, .period = 100'000},
       "cpu.cfs_period_us=100000 cpu.cfs_quota_us=-1",
       "cpu.max=max 100000"},
      {{.period = 20'000}, "cpu.cfs_period_us=20000", "cpu.max=max 20000"},
      {{.cpus = "0-1", .mems = "0"},
       "cpuset.cpus=0-1 cpuset.mems=0",
       "cpuset.cpus=0-1 cpuset.mems=0"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.v2);
    EXPECT_EQ(text_of({.cpu = row.cpu}, kV1), row.v1);
    EXPECT_EQ(text_of({.cpu = row.cpu}, kV2), row.v2);
  }
}

TEST(CgroupPlan, SharesBecomeWeightsAsInTheOtherRuntimes) {
  EXPECT_EQ(weight_of_shares(0), 1U);
  EXPECT_EQ(weight_of_shares(2), 1U);
  EXPECT_EQ(weight_of_shares(1024), 100U);
  EXPECT_EQ(weight_of_shares(262'144), 10'000U);
  EXPECT_EQ(weight_of_shares(1'000'000), 10'000U);
  for (std::uint64_t shares = 3; shares < 262'144; shares = shares * 5 / 4 + 1) {
    EXPECT_LE(weight_of_shares(shares), weight_of_shares(shares * 5 / 4 + 1)) << shares;
  }
}

TEST(CgroupPlan, OfDisks) {
  const BlockIo io{.weight = 500, .read_bps = {{8, 0, 1 << 20}}, .write_iops = {{8, 16, 20}}};
  EXPECT_EQ(text_of({.block_io = io}, kV1),
            "blkio.bfq.weight=500 blkio.weight=500 blkio.throttle.read_bps_device=8:0 1048576 "
            "blkio.throttle.write_iops_device=8:16 20");
  EXPECT_EQ(text_of({.block_io = io}, kV2),
            "io.bfq.weight=500 io.weight=4950 io.max=8:0 rbps=1048576 io.max=8:16 wiops=20");
  EXPECT_EQ(io_weight_of(10), 1U);
  EXPECT_EQ(io_weight_of(1000), 10'000U);
}

TEST(CgroupPlan, OfTheRest) {
  EXPECT_EQ(text_of({.pids = 64}, kV1), "pids.max=64");
  EXPECT_EQ(text_of({.pids = -1}, kV2), "pids.max=max");
  EXPECT_EQ(text_of({.huge_pages = {{"2MB", 4194304}}}, kV1),
            "hugetlb.2MB.limit_in_bytes=4194304 hugetlb.2MB.rsvd.limit_in_bytes=4194304");
  EXPECT_EQ(text_of({.huge_pages = {{"2MB", 4194304}}}, kV2),
            "hugetlb.2MB.max=4194304 hugetlb.2MB.rsvd.max=4194304");
  EXPECT_EQ(text_of({.unified = {{"memory.high", "1\n2"}}}, kV2), "memory.high=1 memory.high=2");
}

TEST(CgroupPlan, OfDevicesIsFilesInVersionOneOnly) {
  const Resources resources{.devices = {{.allow = false},
                                        {.allow = true, .type = 'c', .major = 1, .minor = 3},
                                        {.allow = true, .type = 'b', .access = "m"}}};
  EXPECT_EQ(text_of(resources, kV1),
            "devices.deny=a devices.allow=c 1:3 rwm devices.allow=b *:* m");
  EXPECT_EQ(text_of(resources, kV2), "");
}

TEST(CgroupPlan, NamesWhatThisMachineCannotLimit) {
  const Layout nothing{{{.version = 2, .controllers = {}, .mount_point = "/c"}}};
  EXPECT_THAT(plan({.pids = 1}, nothing), FailsSaying(HasSubstr("no pids cgroup controller")));
  EXPECT_THAT(plan({.memory = {.limit = 1}}, nothing), FailsSaying(HasSubstr("memory")));
  EXPECT_THAT(plan({.memory = {.swappiness = 10}}, kV2), FailsSaying(HasSubstr("version 2")));
  EXPECT_THAT(plan({.unified = {{"memory.high", "1"}}}, kV1),
              FailsSaying(HasSubstr("memory.high")));
  EXPECT_THAT(plan({.unified = {{"../memory.high", "1"}}}, kV2), FailsSaying(HasSubstr("..")));
  EXPECT_THAT(plan({}, nothing), Succeeds());
}

TEST(CgroupPlan, AnUpdateReplacesWhatItTells) {
  Resources resources{.memory = {.limit = 10, .swap = 20}, .pids = 5};
  merge(resources, {.memory = {.limit = 30}, .cpu = {.cpus = "1"}});
  EXPECT_EQ(resources.memory, (Memory{.limit = 30, .swap = 20}));
  EXPECT_EQ(resources.cpu.cpus, "1");
  EXPECT_EQ(resources.pids, 5);
}

}  // namespace
}  // namespace netctl::cgroup

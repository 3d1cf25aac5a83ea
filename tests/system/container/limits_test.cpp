// The experiments that show that a limit is one: a program held to half a CPU, one that takes too
// much memory, one that forks without end.
#include <chrono>
#include <filesystem>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

class Limits : public ContainerLab {};

TEST_F(Limits, AProgramThatComputesIsHeldToHalfACpu) {
  script("burn", "while :; do :; done");
  sure_in_box("--network none --name burner --cpus 0.5 -d -- burn");
  const auto cpu_ns = [&] { return std::stod(fact("netctl stats burner", "cpuNanoseconds")); };
  const auto begin = std::chrono::steady_clock::now();
  const double before = cpu_ns();
  sure("sleep 2");
  const double used = cpu_ns() - before;
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begin;
  // On a busy machine it may get less, and with the period it was in a little more.
  EXPECT_LT(used / passed.count(), 0.65);
  EXPECT_GT(used, 0);
}

TEST_F(Limits, WhatAProgramIsHeldBackIsCounted) {
  script("burn", "while :; do :; done");
  // So little that it is at its limit on a busy machine too.
  sure_in_box("--network none --name burner --cpus 0.02 -d -- burn");
  EXPECT_TRUE(eventually(
      [&] { return sure("netctl stats burner --format {{.ThrottledPeriods}}") != "0"; }));
}

TEST_F(Limits, AProgramThatTakesTooMuchMemoryIsKilled) {
  const auto killed = in_box("--network none -m 16m --memory-swap 16m -- tail /dev/zero");
  EXPECT_EQ(killed.exit_status, 137);
  EXPECT_EQ(in_box("--network none -m 512m -- head -c 1m /dev/zero").exit_status, 0);
}

TEST_F(Limits, AForkBombIsStoppedByTheNumberOfProcesses) {
  script("bomb", "i=0; while [ $i -lt 50 ]; do sleep 10 & i=$((i+1)); done; echo all started");
  const auto stopped = in_box("--network none --pids-limit 16 -- bomb");
  EXPECT_THAT(stopped.err, HasSubstr("can't fork"));
  EXPECT_THAT(stopped.out, testing::Not(HasSubstr("all started")));
  EXPECT_THAT(in_box("--network none --pids-limit 100 -- bomb").out, HasSubstr("all started"));
}

TEST_F(Limits, AreInTheFilesOfTheKernel) {
  sure_in_box(
      "--network none --name box -m 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 "
      "--pids-limit 64 --cpuset-cpus 0 -d -- sleep 100");
  EXPECT_THAT(read(group_file("box", "pids", "pids.max")), "64\n");
  EXPECT_THAT(read(group_file("box", "cpuset", "cpuset.cpus")), "0\n");
  EXPECT_THAT(read(group_file("box", "memory", "memory.limit_in_bytes")) +
                  read(group_file("box", "memory", "memory.max")),
              "67108864\n");
  EXPECT_THAT(read(group_file("box", "cpu", "cpu.cfs_quota_us")) +
                  read(group_file("box", "cpu", "cpu.max")),
              StartsWith("50000"));
  EXPECT_THAT(
      read(group_file("box", "cpu", "cpu.shares")) + read(group_file("box", "cpu", "cpu.weight")),
      AnyOf("512\n", "59\n"));
}

TEST_F(Limits, AreChangedByUpdateAndKeptInTheConfig) {
  sure_in_box("--network none --name box -m 64m --pids-limit 64 -d -- sleep 100");
  sure("netctl update box -m 128m --pids-limit 32");
  EXPECT_EQ(read(group_file("box", "pids", "pids.max")), "32\n");
  EXPECT_EQ(fact("netctl stats box", "memoryLimit"), "134217728");
  sure("netctl update box -m 32m");
  EXPECT_EQ(fact("netctl stats box", "memoryLimit"), "33554432");
  EXPECT_THAT(run("netctl update box").err, HasSubstr("--help"));
  EXPECT_EQ(run("netctl update box --cpus none").exit_status, 1);
}

TEST_F(Limits, DevicesAreThoseOfTheRules) {
  // The node can be made; the device behind it does not open.
  script("disk", "mknod /tmp/mem c 1 1 && cat /tmp/mem");
  const auto refused = in_box("--network none -- disk");
  EXPECT_THAT(refused.err, HasSubstr("Operation not permitted"));
  EXPECT_EQ(in_box("--network none -- head -c 1 /dev/zero").exit_status, 0);
  EXPECT_EQ(in_box("--network none --device /dev/kmsg -- test -c /dev/kmsg").exit_status, 0);
}

TEST_F(Limits, TheGroupIsNamedAfterTheContainerAndGoesWithIt) {
  sure_in_box("--network none --name box -d -- sleep 100");
  const std::string file = group_file("box", "pids", "pids.current");
  EXPECT_THAT(file, HasSubstr("/netctl/" + sure("netctl ps -q --no-trunc")));
  EXPECT_EQ(read(file), "1\n");
  sure("netctl rm -f box");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(Limits, TheContainerSeesItsOwnGroupAsTheRoot) {
  const std::string seen = sure_in_box("--network none -- cat /proc/self/cgroup");
  EXPECT_THAT(seen, testing::Not(HasSubstr("netctl")));
  // And cannot change it.
  script("raise", "echo max > $(find /sys/fs/cgroup -name pids.max | head -1)");
  EXPECT_NE(in_box("--network none --pids-limit 5 -- raise").exit_status, 0);
}

}  // namespace
}  // namespace netctl::test

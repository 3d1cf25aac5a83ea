// From what was typed behind `netctl run` to the config.json of the container.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netctl/log_file.hpp"
#include "netctl/run_options.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::command {
namespace {

using container::Spec;
using test::FailsSaying;
using test::Succeeds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const SpecPlace kPlace{
    .id = std::string(64, 'a'),
    .directory = "/run/c",
    .data_directory = "/data",
    .namespaces = {
        {.kind = ns::Kind::Mount}, {.kind = ns::Kind::Uts}, {.kind = ns::Kind::Network}}};

RunOptions options() { return {.rootfs = "/tmp", .command = {"true"}}; }

Spec made(const RunOptions& typed) {
  auto spec = spec_of(typed, kPlace);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return spec ? *std::move(spec) : Spec{};
}

rootfs::Mount mount_at(const Spec& spec, const std::string& destination) {
  for (const rootfs::Mount& each : spec.mounts) {
    if (each.destination == destination) return each;
  }
  ADD_FAILURE() << "nothing at " << destination;
  return {};
}

TEST(RunSpec, IsConfinedUnlessToldOtherwise) {
  const Spec spec = made(options());
  EXPECT_TRUE(spec.process.no_new_privileges);
  EXPECT_TRUE(spec.seccomp);
  EXPECT_EQ(spec.process.capabilities.effective.size(), 14U);
  EXPECT_THAT(spec.process.capabilities.inheritable, IsEmpty());
  EXPECT_THAT(spec.masked_paths, Contains("/proc/kcore"));
  EXPECT_THAT(spec.read_only_paths, Contains("/proc/sys"));
  EXPECT_FALSE(spec.resources.devices.front().allow);
  EXPECT_THAT(mount_at(spec, "/sys").options, Contains("ro"));
  EXPECT_EQ(spec.hostname, "aaaaaaaaaaaa");
  EXPECT_EQ(spec.cgroup_path, "/netctl/" + kPlace.id);
}

TEST(RunSpec, LimitsAreInTheUnitsOfTheKernel) {
  RunOptions typed = options();
  typed.memory = "64m";
  typed.cpus = "0.5";
  typed.pids_limit = 64;
  const Spec spec = made(typed);
  EXPECT_EQ(spec.resources.memory.limit, 64 << 20);
  EXPECT_EQ(spec.resources.memory.swap, 128 << 20);
  EXPECT_EQ(spec.resources.cpu.quota, 50'000);
  EXPECT_EQ(spec.resources.cpu.period, 100'000U);
  EXPECT_EQ(spec.resources.pids, 64);
  typed.cpu_quota = 1;
  EXPECT_THAT(spec_of(typed, kPlace), FailsSaying(HasSubstr("--cpus")));
}

TEST(RunSpec, LayersAreAnOverlayWithTheTopmostFirst) {
  RunOptions typed = options();
  typed.rootfs.clear();
  typed.layers = {"/low:er", "/upper"};
  const Spec spec = made(typed);
  EXPECT_EQ(spec.root, "/run/c/rootfs");
  EXPECT_EQ(spec.mounts.front().destination, "/");
  EXPECT_THAT(
      spec.mounts.front().options,
      ElementsAre("lowerdir=/upper:/low\\:er", "upperdir=/data/upper", "workdir=/data/work"));
}

TEST(RunSpec, AMountReplacesWhatWouldBeThereAnyway) {
  RunOptions typed = options();
  typed.volumes = {"/tmp:/dev/shm:ro"};
  typed.tmpfs = {"/cache:size=1m,mode=700"};
  typed.mounts = {"type=tmpfs,dst=/more,tmpfs-size=2k"};
  const Spec spec = made(typed);
  EXPECT_EQ(mount_at(spec, "/dev/shm").source, "/tmp");
  EXPECT_THAT(mount_at(spec, "/dev/shm").options, ElementsAre("rbind", "ro"));
  EXPECT_THAT(mount_at(spec, "/cache").options, Contains("size=1m"));
  EXPECT_THAT(mount_at(spec, "/more").options, ElementsAre("size=2048"));
  EXPECT_EQ(std::ranges::count(spec.mounts, "/dev/shm", &rootfs::Mount::destination), 1);
}

TEST(RunSpec, RefusesWhatItDoesNotUnderstand) {
  const struct {
    std::string words;
    void (*spoil)(RunOptions&);
  } table[] = {
      {"-v /tmp", [](RunOptions& typed) { typed.volumes = {"/tmp"}; }},
      {"does not exist", [](RunOptions& typed) { typed.volumes = {"/no/where:/x"}; }},
      {"--mount", [](RunOptions& typed) { typed.mounts = {"type=bind,src=/tmp"}; }},
      {"FLY", [](RunOptions& typed) { typed.cap_add = {"FLY"}; }},
      {"--security-opt", [](RunOptions& typed) { typed.security = {"apparmor=x"}; }},
      {"--ulimit", [](RunOptions& typed) { typed.ulimits = {"nofile"}; }},
      {"RLIMIT_FUN", [](RunOptions& typed) { typed.ulimits = {"fun=1"}; }},
      {"-m", [](RunOptions& typed) { typed.memory = "much"; }},
      {"--cpus", [](RunOptions& typed) { typed.cpus = "0"; }},
      {"CONTAINER:HOST:SIZE", [](RunOptions& typed) { typed.uid_maps = {"0:1"}; }},
      {"working directory", [](RunOptions& typed) { typed.workdir = "tmp"; }},
      {"time", [](RunOptions& typed) { typed.boottime_offset = "5"; }},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.words);
    RunOptions typed = options();
    row.spoil(typed);
    EXPECT_THAT(spec_of(typed, kPlace), FailsSaying(HasSubstr(row.words)));
  }
}

TEST(RunSpec, SizesAndSignals) {
  EXPECT_EQ(*parse_size("0"), 0);
  EXPECT_EQ(*parse_size("512k"), 512 << 10);
  EXPECT_EQ(*parse_size("1G"), 1 << 30);
  EXPECT_EQ(*parse_size("2mb"), 2 << 20);
  EXPECT_EQ(*parse_size("-1"), -1);
  for (const char* text : {"", "m", "-2", "1.5g", "1x", "9999999999999t"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
  for (const char* text : {"TERM", "SIGTERM", "sigterm", "15"}) EXPECT_EQ(*parse_signal(text), 15);
  for (const char* text : {"", "0", "65", "FUN", "-9"}) EXPECT_FALSE(parse_signal(text)) << text;
}

TEST(LogLines, AreReadAsTheyAreWritten) {
  LogLine line;
  ASSERT_TRUE(parse_log_line("2026-11-24T07:00:00.1Z stderr P half a line", line));
  EXPECT_EQ(line.stream, "stderr");
  EXPECT_EQ(line.text, "half a line");
  EXPECT_FALSE(line.whole);
  ASSERT_TRUE(parse_log_line("t stdout F ", line));
  EXPECT_EQ(line.text, "");
  for (const char* text : {"", "t", "t stdout", "t stdout F", "t stdout Fx"}) {
    EXPECT_FALSE(parse_log_line(text, line)) << text;
  }
}

}  // namespace
}  // namespace netctl::command

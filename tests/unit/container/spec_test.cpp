// The internal description of a container is the OCI's config.json: what is written is read back,
// and what others write is understood.
#include "runtime-core/container/spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/container/default_profile.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::container {
namespace {

using ns::Kind;
using test::FailsSaying;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Spec small_spec() {
  Spec spec{.root = "/rootfs"};
  spec.process.args = {"/bin/true"};
  spec.namespaces = {{.kind = Kind::Mount}, {.kind = Kind::Pid}};
  return spec;
}

TEST(Spec, IsReadBackAsItWasWritten) {
  Spec spec = small_spec();
  spec.root_read_only = true;
  spec.hostname = "box";
  spec.mounts = {{"/proc", "proc", "proc", {"nosuid"}}, {"/data", "bind", "/srv", {"rbind", "ro"}}};
  spec.process.terminal = true;
  spec.process.rows = 24;
  spec.process.columns = 80;
  spec.process.user = {.uid = 5, .gid = 6, .umask = 0027, .additional_gids = {7, 8}};
  spec.process.env = {"A=1", "B=two words\nand a line"};
  spec.process.cwd = "/tmp";
  spec.process.capabilities = {.bounding = {"CAP_KILL"}, .effective = {"CAP_KILL"}};
  spec.process.rlimits = {{"RLIMIT_NOFILE", 10, 20}};
  spec.process.no_new_privileges = true;
  spec.process.oom_score_adj = -5;
  spec.namespaces = {{.kind = Kind::Mount},
                     {.kind = Kind::User},
                     {.kind = Kind::Time},
                     {.kind = Kind::Uts},
                     {.kind = Kind::Network, .path = "/run/netns/x"}};
  spec.uid_mappings = {{0, 100'000, 65'536}};
  spec.gid_mappings = {{0, 100'000, 65'536}};
  spec.time_offsets = TimeOffsets{.monotonic = -1'500'000'000, .boottime = 86'400'000'000'000};
  spec.devices = {{.path = "/dev/fuse", .major = 10, .minor = 229}};
  spec.cgroup_path = "/netctl/x";
  spec.resources.memory = {.limit = 64 << 20, .swap = -1};
  spec.resources.cpu = {.shares = 512, .quota = 50'000, .period = 100'000, .cpus = "0"};
  spec.resources.pids = 64;
  spec.resources.block_io = {.weight = 300, .read_bps = {{8, 0, 1024}}};
  spec.resources.huge_pages = {{"2MB", 1 << 21}};
  spec.resources.devices = cgroup::standard_device_rules();
  spec.sysctl = {{"net.ipv4.ip_forward", "1"}};
  spec.seccomp = default_profile({"CAP_KILL"});
  spec.masked_paths = {"/proc/kcore"};
  spec.read_only_paths = {"/proc/sys"};
  spec.annotations = {{"a", "b"}};

  const auto again = parse_spec(to_json(spec));

  ASSERT_THAT(again, Succeeds());
  EXPECT_EQ(*again, spec);
  EXPECT_EQ(to_json(*again), to_json(spec));
}

TEST(Spec, OfAnotherEngineIsUnderstood) {
  const auto spec = parse_spec(R"({
    "ociVersion": "1.2.0", "unknown": {"is": "fine"},
    "root": {"path": "/r", "readonly": true}, "hostname": "h",
    "process": {"user": {"uid": 1, "gid": 2, "additionalGids": [3]}, "args": ["sh", "-c", "x"],
                "cwd": "/", "capabilities": {"bounding": ["CAP_KILL"]}},
    "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/1/ns/net"},
                             {"type": "mount"}],
              "resources": {"devices": [{"allow": false, "access": "rwm"}],
                            "memory": {"limit": 1024}, "pids": {"limit": 0}}}})");
  ASSERT_THAT(spec, Succeeds());
  EXPECT_THAT(spec->process.args, ElementsAre("sh", "-c", "x"));
  EXPECT_THAT(spec->process.user.additional_gids, ElementsAre(3U));
  EXPECT_TRUE(spec->has_new(Kind::Pid));
  EXPECT_FALSE(spec->has_new(Kind::Network));
  EXPECT_TRUE(spec->has_own(Kind::Network));
  EXPECT_EQ(spec->resources.memory.limit, 1024);
  EXPECT_EQ(spec->resources.devices.at(0), (cgroup::DeviceRule{.allow = false}));
}

TEST(Spec, TellsAllThatIsWrongWithItAtOnce) {
  EXPECT_THAT(parse_spec(R"({"ociVersion": "2.0", "root": {"path": 5},
                             "process": {"args": "sh", "user": {"uid": -1}},
                             "linux": {"namespaces": [{"type": "flat"}]}})"),
              FailsSaying(AllOf(HasSubstr("2.0"), HasSubstr("root.path"), HasSubstr("args"),
                                HasSubstr("uid"), HasSubstr("flat"))));
  EXPECT_FALSE(parse_spec("nonsense"));
  EXPECT_FALSE(parse_spec("[]"));
}

TEST(Spec, RefusesWhatDoesNotGoTogether) {
  ASSERT_THAT(check_spec(small_spec()), Succeeds());
  const struct {
    std::string words;
    void (*spoil)(Spec&);
  } table[] = {
      {"twice", [](Spec& spec) { spec.namespaces.push_back({.kind = Kind::Pid}); }},
      {"mount namespace", [](Spec& spec) { spec.namespaces = {{.kind = Kind::Pid}}; }},
      {"uts", [](Spec& spec) { spec.hostname = "x"; }},
      {"time", [](Spec& spec) { spec.time_offsets = TimeOffsets{}; }},
      {"user namespace",
       [](Spec& spec) {
         spec.uid_mappings = {{0, 1, 1}};
       }},
      {"mappings", [](Spec& spec) { spec.namespaces.push_back({.kind = Kind::User}); }},
      {"no program", [](Spec& spec) { spec.process.args.clear(); }},
      {"working directory", [](Spec& spec) { spec.process.cwd = "tmp"; }},
      {"no variable", [](Spec& spec) { spec.process.env = {"NOVALUE"}; }},
      {"CAP_FLY", [](Spec& spec) { spec.process.capabilities.bounding = {"CAP_FLY"}; }},
      {"RLIMIT_FUN",
       [](Spec& spec) {
         spec.process.rlimits = {{"RLIMIT_FUN", 1, 1}};
       }},
      {"above hard",
       [](Spec& spec) {
         spec.process.rlimits = {{"RLIMIT_CORE", 2, 1}};
       }},
      {"nothing to bind",
       [](Spec& spec) {
         spec.mounts = {{"/x", "bind", "", {"bind"}}};
       }},
      {"network namespace",
       [](Spec& spec) {
         spec.sysctl = {{"net.core.somaxconn", "1"}};
       }},
      {"not the container's own",
       [](Spec& spec) {
         spec.sysctl = {{"kernel.core_pattern", "|x"}};
       }},
      {"not the container's own",
       [](Spec& spec) {
         spec.sysctl = {{"kernel/hostname", "x"}};
       }},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.words);
    Spec spec = small_spec();
    row.spoil(spec);
    EXPECT_THAT(check_spec(spec), FailsSaying(HasSubstr(row.words)));
  }
}

}  // namespace
}  // namespace netctl::container

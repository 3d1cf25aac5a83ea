// netctl killed at any point: what it leaves is cleaned up by `rm -f`, or by `gc`. One that fails
// leaves nothing.
#include <signal.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Recovery : public ContainerLab {
 protected:
  void SetUp() override {
    ContainerLab::SetUp();
    if (IsSkipped()) return;
    sure_in_box("--rm -- true");  // the firewall's table and the stores' locks are there now
  }

  // `run` of the container "web", with something done to a system call of it or its children. The
  // leak checker cannot work under strace.
  sys::Finished run_injected(const std::string& call, const std::string& injection) {
    return run(
        format("ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace={0} "
               "-e inject={0}:{1} {2} run --rootfs {3} --name web -p 8080:80 -- true",
               call, injection, netctl_program(), box()));
  }

  // The same fails for that reason, and it is as if it had never been.
  void expect_nothing_kept(const std::string& call, const std::string& injection,
                           const std::string& reason) {
    const std::string before = host_state();
    const std::string nothing = traces();
    const auto ran = run_injected(call, injection);
    EXPECT_EQ(ran.exit_status, 125);
    EXPECT_THAT(ran.err, HasSubstr(reason));
    EXPECT_EQ(sure("netctl ps -a -q"), "");
    EXPECT_EQ(host_state(), before);
    EXPECT_EQ(traces(), nothing);
  }

  pid_t monitor_of(const std::string& id) {
    const std::string state = read("/run/netctl/containers/" + id + "/state.json");
    const std::string monitor = state.substr(state.find("\"monitor\""));
    return std::stoi(monitor.substr(monitor.find("\"pid\": ") + 7));
  }
};

TEST_F(Recovery, AContainerWhoseMonitorIsKilledEndsAndGcCleansUpAfterIt) {
  const std::string before = host_state();
  const std::string id = sure_in_box("--name web -p 8080:80 -d -- sleep 1000");
  ASSERT_EQ(::kill(monitor_of(id), SIGKILL), 0);
  EXPECT_TRUE(eventually([&] { return sure("netctl ps -a --format {{.State}}") == "dead"; }));
  EXPECT_THAT(sure("netctl gc --dry-run"), HasSubstr("web"));
  EXPECT_THAT(sure("netctl gc"), HasSubstr("cleaned up container web"));
  EXPECT_THAT(sure("netctl gc"), Not(HasSubstr("web")));
  sure("netctl rm web");
  EXPECT_EQ(host_state(), before);
}

TEST_F(Recovery, RmRemovesItWithoutGcToo) {
  const std::string before = host_state();
  const std::string id = sure_in_box("--name web -p 8080:80 -d -- sleep 1000");
  ASSERT_EQ(::kill(monitor_of(id), SIGKILL), 0);
  sure("netctl rm -f web");
  EXPECT_EQ(host_state(), before);
  EXPECT_EQ(run("netctl ps -a -q").out, "");
}

// strace ends each process of `run` at its n-th call of a kind.
class Killed : public Recovery, public testing::WithParamInterface<const char*> {};

TEST_P(Killed, RunLeavesNothingThatCannotBeCleaned) {
  const std::string before = host_state();
  const std::string nothing = traces();
  int killed = 0;
  for (const int n : {1, 2, 5}) {
    SCOPED_TRACE(n);
    const auto ran = run_injected(GetParam(), format("signal=KILL:when={}", n));
    EXPECT_THAT(ran.err, Not(HasSubstr("strace:")));
    if (ran.exit_status != 0) ++killed;
    // Together they clean up whatever there is: `rm` what has a name, `gc` what has not.
    sure("netctl rm -f web");
    sure("netctl gc");
    ASSERT_EQ(host_state(), before);
    ASSERT_EQ(traces(), nothing);
  }
  EXPECT_GT(killed, 0);
}

INSTANTIATE_TEST_SUITE_P(At, Killed, testing::Values("rename", "move_mount", "sendmsg", "mkdir"),
                         [](const auto& each) { return std::string(each.param); });

// The first thing that can fail once the container is on record.
TEST_F(Recovery, ARunThatCannotTakeSignalsKeepsNothing) {
  expect_nothing_kept("signalfd4", "error=EMFILE",
                      "open a descriptor for signals: Too many open files");
}

// The first process lives, and waits for just that word.
TEST_F(Recovery, ARunThatCannotSpeakWithItsFirstProcessKeepsNothing) {
  expect_nothing_kept("sendmsg", "error=ENOBUFS:when=1",
                      "speak with the container's first process: No buffer space");
}

// The program runs already: the wait for it comes behind two for its first process.
TEST_F(Recovery, ARunThatCannotBeWatchedEndsAndKeepsNothing) {
  expect_nothing_kept("poll", "error=ENOMEM:when=3",
                      "wait for the container: Cannot allocate memory");
}

// What it made is there, and the kernel's list of mounts tells where.
TEST_F(Recovery, ARunWhoseCgroupsCannotBeFoundAtTheEndTellsSoAndIsCleanedUp) {
  const std::string before = host_state();
  const std::string nothing = traces();
  const auto ran = with_error("openat", "EMFILE:when=3+", "/proc/self/mountinfo",
                              format("run --rm --rootfs {} --name web -- true", box()));
  EXPECT_EQ(ran.exit_status, 125);
  EXPECT_THAT(ran.err, HasSubstr("open /proc/self/mountinfo: Too many open files"));
  EXPECT_EQ(sure("netctl ps -a --format {{.Name}}"), "web");
  sure("netctl rm -f web");
  EXPECT_EQ(host_state(), before);
  EXPECT_EQ(traces(), nothing);
}

// The container is the monitor's; who started that one gives it up when it cannot be heard.
struct Failing {
  const char* call;
  const char* error;
  const char* reason;
};
class Detached : public Recovery, public testing::WithParamInterface<Failing> {};

TEST_P(Detached, ARunThatCannotStartOrHearTheMonitorKeepsNothing) {
  const std::string before = host_state();
  const std::string nothing = traces();
  const auto ran = with_error(GetParam().call, GetParam().error, "",
                              format("run -d --rootfs {} --name web -- sleep 1000", box()));
  EXPECT_EQ(ran.exit_status, 125);
  EXPECT_THAT(ran.err, HasSubstr(GetParam().reason));
  EXPECT_EQ(traces(), nothing);
  EXPECT_EQ(host_state(), before);
}

INSTANTIATE_TEST_SUITE_P(At, Detached,
                         testing::Values(Failing{"socketpair", "EMFILE", "Too many open files"},
                                         Failing{"clone3", "EAGAIN", "temporarily unavailable"},
                                         Failing{"recvmsg", "ENOMEM", "Cannot allocate memory"}),
                         [](const auto& each) { return std::string(each.param.call); });

// That it has ended has to be known for certain: what the kernel could not be asked is no answer.
class Unasked : public Recovery {
 protected:
  void SetUp() override {
    Recovery::SetUp();
    if (IsSkipped()) return;
    id_ = sure_in_box("--name web -p 8080:80 -d -- sleep 1000");
    state_ = host_state() + traces();
  }

  void expect_untouched() {
    EXPECT_EQ(sure("netctl ps --format {{.State}}"), "running");
    EXPECT_EQ(host_state() + traces(), state_);
  }

  std::string id_;
  std::string state_;
};

TEST_F(Unasked, AContainerWhoseProcessCannotBeLookedUpIsNotCollected) {
  for (const char* call : {"pidfd_open", "read"}) {
    const std::string path = format("/proc/{}/stat", sure("netctl ps --format {{.Pid}}"));
    const bool reads = std::string_view(call) == "read";
    const auto collected = with_error(call, reads ? "EIO" : "EMFILE", reads ? path : "", "gc");
    EXPECT_EQ(collected.exit_status, 1) << call;
    EXPECT_THAT(collected.err, HasSubstr(reads ? "Input/output error" : "Too many open files"));
    expect_untouched();
  }
}

TEST_F(Unasked, AContainerWhoseProcessCannotBeLookedUpIsNotShownAsDead) {
  const auto shown = with_error("pidfd_open", "EMFILE", "", "ps -a");
  EXPECT_EQ(shown.exit_status, 1);
  EXPECT_THAT(shown.err, HasSubstr("Too many open files"));
}

TEST_F(Unasked, AContainerWhoseStateCannotBeLookedAtIsNotCollected) {
  const std::string state = "/run/netctl/containers/" + id_ + "/state.json";
  EXPECT_EQ(with_error("access", "EIO", state, "gc").exit_status, 1);
  expect_untouched();
}

TEST_F(Unasked, ANameWhoseHolderCannotBeLookedAtIsNotGivenToAnother) {
  const std::string holder = "/run/netctl/containers/" + id_;
  const auto ran =
      with_error("access", "EIO", holder, format("run --name web --rootfs {} -- true", box()));
  EXPECT_EQ(ran.exit_status, 125);
  EXPECT_THAT(ran.err, HasSubstr("look at " + holder + ": Input/output error"));
  EXPECT_EQ(with_error("access", "EIO", holder, "gc").exit_status, 1);
  expect_untouched();
}

TEST_F(Unasked, RmDoesNotClaimThatAContainerIsGoneWhoseNameCannotBeRead) {
  const auto removed = with_error("readlink", "EIO", "/run/netctl/names/web", "rm -f web");
  EXPECT_EQ(removed.exit_status, 1);
  EXPECT_THAT(removed.err, HasSubstr("/run/netctl/names/web: Input/output error"));
  expect_untouched();
}

TEST_F(Recovery, AProcessThatHasTheNumberOfADeadOneIsLeftAlone) {
  const std::string id = sure_in_box("--network none --name web -d -- sleep 1000");
  sure("netctl stop -t 0 web");
  // A state that says it runs, as a process that is somebody else: this test.
  const std::string file = "/run/netctl/containers/" + id + "/state.json";
  std::string state = read(file);
  const auto put = [&](const std::string& key, const std::string& value) {
    const auto at = state.find("\"" + key + "\": ") + key.size() + 4;
    state.replace(at, state.find_first_of(",\n}", at) - at, value);
  };
  put("pid", std::to_string(::getpid()));
  put("finished", "0");
  std::ofstream(file) << state;

  EXPECT_EQ(sure("netctl ps -a --format {{.State}}"), "dead");
  EXPECT_EQ(run("netctl kill web").exit_status, 1);
  sure("netctl rm -f web");  // and we are still here
}

TEST_F(Recovery, DirectoriesOfAnInterruptedCreationAreCollected) {
  const std::string id(64, 'a');
  std::filesystem::create_directories("/run/netctl/containers/" + id);
  std::filesystem::create_directories("/run/netctl-data/containers/" + id + "/upper");
  sure("netctl gc");
  EXPECT_THAT(traces(), Not(HasSubstr(id)));
}

// As inside of a container, or where `ip netns exec` has mounted another /sys.
TEST_F(Recovery, GcWorksWhereCgroupsAreNotToBeSeen) {
  sure("mount -t sysfs sysfs /sys");
  sure("netctl gc");
  sure("umount /sys");
  sure("umount --lazy --recursive /sys/fs/cgroup");
  sure("netctl gc");
}

}  // namespace
}  // namespace netctl::test

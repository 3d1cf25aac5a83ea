// Commands on containers that run: exec, logs, pause, stop, kill, stats, ps.
#include <filesystem>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class Commands : public ContainerLab {
 protected:
  void SetUp() override {
    ContainerLab::SetUp();
    if (IsSkipped()) return;
    sure_in_box("--network none --name box -e A=1 -w /tmp --pids-limit 64 -d -- sleep 1000");
  }
};

TEST_F(Commands, ExecIsInTheContainerInEveryRespect) {
  script("tell",
         "echo $A $(pwd) $(hostname); grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status");
  EXPECT_EQ(sure("netctl exec box tell"),
            format("1 /tmp {}\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2",
                   sure("netctl ps -q --no-trunc").substr(0, 12)));
  EXPECT_THAT(sure("netctl exec box ps"), ContainsRegex("1 root +sleep 1000"));
  EXPECT_EQ(sure("netctl exec box ls /proc/self/fd"), "0\n1\n2\n3");
  EXPECT_EQ(sure("netctl exec box cat /proc/self/cgroup"),
            sure("netctl exec box cat /proc/1/cgroup"));
  EXPECT_EQ(sure("netctl exec -e A=2 -w / -u user box tell").substr(0, 4), "2 / ");
}

TEST_F(Commands, ExecEndsAsTheProgramDid) {
  EXPECT_EQ(run("netctl exec box false").exit_status, 1);
  EXPECT_EQ(run("netctl exec box nowhere").exit_status, 127);
  EXPECT_EQ(run("netctl exec box /etc/passwd").exit_status, 126);
  EXPECT_EQ(run("netctl exec nobody true").exit_status, 125);
  script("suicide", "kill -9 $$");
  EXPECT_EQ(run("netctl exec box suicide").exit_status, 137);
  EXPECT_EQ(run("netctl exec -u 1: box true").exit_status, 125);
}

TEST_F(Commands, ExecHasATerminalOfTheContainer) {
  EXPECT_EQ(sure("netctl exec -t box tty"), "/dev/pts/0\r");
}

TEST_F(Commands, APausedContainerStandsStill) {
  script("count", "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; done");
  sure("netctl exec -d box count");
  ASSERT_TRUE(eventually([&] { return !read(box() + "/tmp/count").empty(); }));
  sure("netctl pause box");
  const std::string before = read(box() + "/tmp/count");
  sure("sleep 0.2");
  EXPECT_EQ(read(box() + "/tmp/count"), before);
  EXPECT_EQ(sure("netctl ps --format {{.State}}"), "paused");
  EXPECT_THAT(run("netctl exec box true").err, HasSubstr("cannot exec in a paused container"));
  EXPECT_EQ(run("netctl pause box").exit_status, 1);
  sure("netctl update box --pids-limit 32");
  EXPECT_EQ(sure("netctl ps --format {{.State}}"), "paused");
  sure("netctl unpause box");
  EXPECT_TRUE(eventually([&] { return read(box() + "/tmp/count") != before; }));
  EXPECT_EQ(run("netctl unpause box").exit_status, 1);
}

TEST_F(Commands, APausedContainerIsRemovedToo) {
  sure("netctl pause box");
  sure("netctl rm -f box");
  EXPECT_THAT(sure("netctl ps -a -q"), IsEmpty());
}

TEST_F(Commands, StopAsksAndThenKills) {
  script("deaf", "trap '' TERM; while :; do sleep 0.1; done");
  sure_in_box("--network none --name deaf -d -- deaf");
  sure("netctl stop -t 0 deaf");
  EXPECT_THAT(sure("netctl ps -a --format {{.Name}}:{{.State}}"), HasSubstr("deaf:exited (137)"));
  sure("netctl stop deaf");  // again is fine
  EXPECT_THAT(run("netctl kill deaf").err, HasSubstr("container not running"));
}

TEST_F(Commands, KillSendsTheSignalThatIsNamed) {
  script("listen", "trap 'exit 9' USR1; touch /tmp/listens; while :; do sleep 0.05; done");
  sure_in_box("--network none --name listener -d -- listen");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(box() + "/tmp/listens"); }));
  sure("netctl kill -s SIGUSR1 listener");
  EXPECT_TRUE(eventually([&] {
    return sure("netctl ps -a --format {{.Name}}:{{.State}}").find("listener:exited (9)") !=
           std::string::npos;
  }));
  EXPECT_THAT(run("netctl kill -s FUN box").err, HasSubstr("FUN"));
}

TEST_F(Commands, RmOfARunningContainerNeedsForce) {
  EXPECT_THAT(run("netctl rm box").err, HasSubstr("netctl stop box"));
  sure("netctl rm -f box");
  EXPECT_EQ(run("netctl rm box").exit_status, 1);
  sure("netctl rm -f box");
}

TEST_F(Commands, StatsTellWhatItUsesAndMay) {
  EXPECT_THAT(sure("netctl stats"), ContainsRegex("box +[0-9.]+% +[0-9.]+s +[0-9.]+[KM]iB .* 1 "));
  EXPECT_EQ(fact("netctl stats box", "pids"), "1");
  // Also within the second in which it was started.
  EXPECT_LT(std::stod(fact("netctl stats box", "cpuPercent")), 1e5);
  EXPECT_EQ(fact("netctl stats box", "pidsLimit"), "64");
  EXPECT_EQ(run("netctl stats nobody").exit_status, 1);
}

TEST_F(Commands, LogsAreLinesOfBothStreams) {
  script("speak", "echo one; echo two >&2; printf three");
  sure_in_box("--network none --name speaker -d -- speak");
  sure("netctl stop speaker");
  const auto logs = run("netctl logs speaker");
  EXPECT_EQ(logs.out, "one\nthree");
  EXPECT_EQ(logs.err, "two\n");
  EXPECT_THAT(sure("netctl logs --timestamps --tail 1 speaker"),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+\\.[0-9]{9}Z three"));
}

TEST_F(Commands, LogsRotateAndAreFollowedAcross) {
  script("chatter",
         "i=0; while [ $i -lt 300 ]; do echo line-$i; i=$((i+1)); done; sleep 0.3; echo last");
  sure_in_box("--network none --name chatter --log-size 2k --log-files 3 -d -- chatter");
  const std::string followed = sure("netctl logs -f chatter");
  EXPECT_TRUE(followed.ends_with("last"));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("/run/netctl-data")) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("log") || !entry.is_regular_file()) continue;
    EXPECT_LE(entry.file_size(), 2048U) << name;
    if (entry.file_size() > 0) ++files;
  }
  EXPECT_EQ(files, 3U);
  EXPECT_THAT(sure("netctl logs --tail 2 chatter"), StartsWith("line-299"));
}

TEST_F(Commands, PsShowsThoseThatRunOrAll) {
  sure_in_box("--network none --name done -- true");
  EXPECT_THAT(sure("netctl ps"), AllOf(HasSubstr("box"), testing::Not(HasSubstr("done"))));
  EXPECT_THAT(sure("netctl ps -a"), AllOf(HasSubstr("box"), HasSubstr("exited (0)")));
  EXPECT_THAT(sure("netctl ps -o json"), HasSubstr("\"command\": \"sleep 1000\""));
}

// Candidates come with what each is, behind a tabulator.
TEST_F(Commands, ContainersAreOfferedWhereSomethingCanBeDoneToThem) {
  sure_in_box("--network none --name ended -- true");
  const std::string runs = "box\tcontainer";
  const std::string ended = "ended\tcontainer, not running";
  EXPECT_EQ(sure("netctl complete -- exec b"), runs);
  EXPECT_EQ(sure("netctl complete -- exec e"), "");
  EXPECT_EQ(sure("netctl complete -- rm b"), runs);
  EXPECT_EQ(sure("netctl complete -- rm e"), ended);
  EXPECT_EQ(sure("netctl complete -- logs e"), ended);
  EXPECT_EQ(sure("netctl complete -- stats -f name="), "name=" + runs);
  EXPECT_EQ(sure("netctl complete -- ps -f name="), "name=" + runs + "\nname=" + ended);
  EXPECT_EQ(sure("netctl complete -- add bridge b"), runs);
  EXPECT_EQ(sure("netctl complete -- run --network container:"), "container:" + runs);
  EXPECT_EQ(sure("netctl complete -- run --pid container:"), "container:" + runs);
}

}  // namespace
}  // namespace netctl::test

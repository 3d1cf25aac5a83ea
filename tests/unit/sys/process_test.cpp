#include "runtime-core/sys/process.hpp"

#include <sys/types.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::sys {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::HasSubstr;
using testing::IsEmpty;

Result<Finished> shell(const std::string& script, const std::string& input = "") {
  return run_program("/bin/sh", {"sh", "-c", script}, {"PATH=/usr/bin:/bin"}, input);
}

TEST(RunProgram, GivesTheInputAndTakesTheOutput) {
  const std::string input(5U << 20, 'x');  // far more than a pipe holds

  const auto finished = run_program("/bin/cat", {"cat"}, {}, input);

  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->exit_status, 0);
  EXPECT_TRUE(finished->out == input);
  EXPECT_THAT(finished->err, IsEmpty());
}

TEST(RunProgram, DoesNotMindAProgramThatReadsNothing) {
  const auto finished = shell("echo done", std::string(1U << 20, 'x'));

  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->out, "done\n");
}

TEST(RunProgram, KeepsTheTwoOutputsApart) {
  const auto finished = shell("echo answer; echo trouble >&2; echo more");

  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->out, "answer\nmore\n");
  EXPECT_EQ(finished->err, "trouble\n");
}

TEST(RunProgram, TellsHowTheProgramEnded) {
  const struct {
    const char* script;
    int exit_status;
  } table[] = {{"true", 0},
               {"exit 3", 3},
               {"kill -KILL $$", 128 + SIGKILL},
               {"kill -TERM $$", 128 + SIGTERM}};
  for (const auto& row : table) {
    SCOPED_TRACE(row.script);
    const auto finished = shell(row.script);
    ASSERT_THAT(finished, Succeeds());
    EXPECT_EQ(finished->exit_status, row.exit_status);
  }
}

TEST(RunProgram, PassesTheArgumentsAsTheyAre) {
  const auto finished =
      run_program("/bin/sh", {"sh", "-c", "printf '%s|' \"$@\"", "sh", "a b", "", "$HOME"}, {}, "");

  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->out, "a b||$HOME|");
}

TEST(RunProgram, PassesTheEnvironmentItIsGivenAndNoOther) {
  ::setenv("NETCTL_TEST_OURS", "1", 1);

  const auto finished = run_program("/usr/bin/env", {"env"}, {"CNI_COMMAND=ADD", "EMPTY="}, "");

  ::unsetenv("NETCTL_TEST_OURS");
  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->out, "CNI_COMMAND=ADD\nEMPTY=\n");
}

TEST(RunProgram, NamesAnExecutableThatCannotBeStarted) {
  const auto missing = run_program("/nonexistent/plugin", {"plugin"}, {}, "");
  EXPECT_THAT(missing, FailsWith(Errc::NotFound));
  EXPECT_THAT(missing, FailsSaying("execute /nonexistent/plugin: No such file or directory"));

  EXPECT_THAT(run_program("/", {"plugin"}, {}, ""), FailsWith(Errc::PermissionDenied));
}

TEST(RunProgram, DoesNotSearchThePath) {
  EXPECT_THAT(run_program("true", {"true"}, {}, ""), FailsWith(Errc::NotFound));
}

// A disposition of the test program, put back at the end.
class Ignored {
 public:
  explicit Ignored(int number) : number_(number), before_(std::signal(number, SIG_IGN)) {}
  Ignored(const Ignored&) = delete;
  Ignored& operator=(const Ignored&) = delete;
  ~Ignored() { std::signal(number_, before_); }

 private:
  int number_;
  void (*before_)(int);
};

TEST(RunProgram, LetsTheProgramDieOfABrokenPipeWhereWeDoNot) {
  const Ignored ignored(SIGPIPE);

  const auto finished = shell("kill -PIPE $$; echo survived");

  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->exit_status, 128 + SIGPIPE);
  EXPECT_THAT(finished->out, IsEmpty());
}

TEST(RunProgram, LearnsTheExitStatusAlsoWhereItsParentIgnoredSigchld) {
  const Ignored ignored(SIGCHLD);

  const auto finished = shell("exit 3");

  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->exit_status, 3);
}

TEST(RunProgram, DoesNotWaitForAGrandchildThatKeepsTheOutputOpen) {
  const auto finished = shell("tail -f /dev/null & echo $!");

  ASSERT_THAT(finished, Succeeds());
  const pid_t grandchild = std::stoi(finished->out);
  ASSERT_GT(grandchild, 1);
  EXPECT_EQ(::kill(grandchild, SIGKILL), 0) << "it was waited for";
}

TEST(RunProgram, LeavesTheProgramNoMemoryFileBesidesTheThreeStreams) {
  const auto finished = shell("readlink /proc/$$/fd/* | grep -c memfd:");

  ASSERT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->out, "3\n");
}

}  // namespace
}  // namespace netctl::sys

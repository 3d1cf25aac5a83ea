#include "tests/support/traced_process.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <limits>

#include <gtest/gtest.h>

namespace netctl::test {
namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80;  // with PTRACE_O_TRACESYSGOOD, ptrace(2)

// Lets the stopped process go on to its next stop. False: it has ended.
bool resume(pid_t process, int& status) {
  return ::ptrace(PTRACE_SYSCALL, process, nullptr, nullptr) == 0 &&
         ::waitpid(process, &status, 0) == process && WIFSTOPPED(status);
}

// The number of system calls that the body entered before it ended or was killed at `last`.
unsigned trace(unsigned last, const std::function<void()>& body) {
  const pid_t process = ::fork();
  if (process == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    body();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_TRUE(WIFSTOPPED(status)) << "ptrace(2) is not allowed here";
  ::ptrace(PTRACE_SETOPTIONS, process, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  unsigned entered = 0;
  bool entering = true;
  while (resume(process, status)) {
    if (WSTOPSIG(status) != kSystemCallStop) continue;
    if (entering && ++entered == last) {
      ::kill(process, SIGKILL);
      ::waitpid(process, &status, 0);
      return entered;
    }
    entering = !entering;
  }
  return entered;
}

}  // namespace

bool run_and_kill_at(unsigned number, const std::function<void()>& body) {
  // The last call is the exit itself, at which nothing is left to be done.
  return trace(number, body) == number;
}

unsigned count_system_calls(const std::function<void()>& body) {
  return trace(std::numeric_limits<unsigned>::max(), body);
}

}  // namespace netctl::test

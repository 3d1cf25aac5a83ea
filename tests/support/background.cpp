#include "tests/support/background.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <utility>

#include <gtest/gtest.h>

#include "runtime-core/sys/process.hpp"

namespace netctl::test {
Background::Background(const std::string& program, std::vector<std::string> arguments,
                       const std::map<std::string, std::string>& environment) {
  arguments.insert(arguments.begin(), program);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  EXPECT_EQ(::posix_spawn(&process_, program.c_str(), &files, nullptr,
                          sys::pointers_to(arguments).data(), sys::pointers_to(variables).data()),
            0)
      << program;
  ::posix_spawn_file_actions_destroy(&files);
}

Background::~Background() {
  if (process_ > 0) stop(SIGKILL);
}

void Background::send(int signal) const { ::kill(process_, signal); }

int Background::stop(int signal) {
  send(signal);
  const pid_t process = std::exchange(process_, -1);
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace netctl::test

#include "runtime-core/sys/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "runtime-core/base/unique_fd.hpp"

namespace netctl::sys {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

namespace {

constexpr std::size_t kMaxOutput = 16U << 20;

Result<UniqueFd> memory_file(const char* name) {
  UniqueFd file(::memfd_create(name, MFD_CLOEXEC));
  if (!file) return system_error(errno, "create a memory file");
  return file;
}

Status fill(int file, std::string_view content) {
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t written =
        ::pwrite(file, content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(errno, "write the program's input");
    done += static_cast<std::size_t>(written);
  }
  return ok();
}

Result<std::string> content_of(int file) {
  struct stat info {};
  if (::fstat(file, &info) != 0) return system_error(errno, "read the program's output");
  std::string content(std::min(static_cast<std::size_t>(info.st_size), kMaxOutput), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got =
        ::pread(file, content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "read the program's output");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

Result<pid_t> spawn(const std::string& executable, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  // An ignored signal would stay ignored in the program, and we ignore SIGPIPE. SIGCHLD we may have
  // ignored from birth: see keep_exit_statuses().
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  ::sigaddset(&defaults, SIGCHLD);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);

  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, executable.c_str(), &actions, &attributes,
                                  pointers_to(arguments).data(), pointers_to(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return system_error(error, format("execute {}", executable));
  return pid;
}

// A parent that ignores SIGCHLD hands that on through execve(2), and then the kernel throws the
// exit status of our children away: waitpid(2) fails with ECHILD.
void keep_exit_statuses() {
  struct sigaction action {};
  if (::sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
    std::signal(SIGCHLD, SIG_DFL);
  }
}

Result<int> wait_for(pid_t pid) {
  int state = 0;
  while (::waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) return system_error(errno, "wait for the program");
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

}  // namespace

Result<Finished> run_program(const std::string& executable,
                             const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment, std::string_view input) {
  const UniqueFd in = TRY(memory_file("stdin"));
  const UniqueFd out = TRY(memory_file("stdout"));
  const UniqueFd err = TRY(memory_file("stderr"));
  TRY(fill(in.get(), input));

  keep_exit_statuses();
  const pid_t pid = TRY(spawn(executable, arguments, environment, in.get(), out.get(), err.get()));
  const int exit_status = TRY(wait_for(pid).context("{}", executable));
  Finished finished{.exit_status = exit_status};
  finished.out = TRY(content_of(out.get()));
  finished.err = TRY(content_of(err.get()));
  return finished;
}

}  // namespace netctl::sys

#include "runtime-core/sys/child.hpp"

#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <string>
#include <string_view>

#include "runtime-core/sys/files.hpp"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace netctl::sys {

Result<Child> clone_child(std::uint64_t flags, int cgroup) {
  int pidfd = -1;
  clone_args args{};
  args.flags = flags | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD;  // then it is as ours is
  args.cgroup = static_cast<std::uint64_t>(cgroup < 0 ? 0 : cgroup);
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0 && errno == ENOMEM) {
    return fail(Errc::Exhausted,
                "create the process: the pid namespace has ended with its first process, or there "
                "is no memory");
  }
  if (pid < 0) return system_error(errno, "create the process");
  if (pid == 0) return Child{};
  return Child{.pid = static_cast<pid_t>(pid), .pidfd = UniqueFd(pidfd)};
}

Result<UniqueFd> open_pidfd(pid_t pid) {
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd) return pidfd;
  // EINVAL, before Linux 6.15: the number is a thread's or a session's now, and no process's.
  const int number = errno == EINVAL ? ESRCH : errno;
  return system_error(number, format("process {}", pid));
}

Result<pid_t> pid_of(int pidfd) {
  const std::string info = TRY(read_file(format("/proc/self/fdinfo/{}", pidfd)));
  constexpr std::string_view kKey = "\nPid:\t";
  const std::size_t at = info.find(kKey);
  pid_t pid = 0;
  if (at != info.npos) {
    const char* begin = info.data() + at + kKey.size();
    std::from_chars(begin, info.data() + info.size(), pid);
  }
  if (pid > 0) return pid;
  return fail(Errc::NotFound, "the process has ended, or is of another pid namespace");
}

Status send_signal(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return ok();
  return system_error(errno, format("send signal {}", signal));
}

bool has_ended(int pidfd) {
  pollfd waiting{.fd = pidfd, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, 0) == 1;
}

Result<int> wait_for_end(int pidfd) {
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED) != 0) {
    if (errno != EINTR) return system_error(errno, "wait for the process");
  }
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

Result<std::optional<std::uint64_t>> start_time_of(pid_t pid) {
  std::optional<std::uint64_t> time;
  const std::string path = format("/proc/{}/stat", pid);
  const auto stat = find_file(path);
  // NotFound is ESRCH: it ended while it was read.
  if (!stat && stat.error().code != Errc::NotFound) return stat.error();
  if (!stat || !*stat) return time;
  // "pid (name) state …": a name may hold spaces and parentheses; field 3 is behind the last one.
  const std::string& text = **stat;
  std::size_t at = text.rfind(')');
  if (at != text.npos && text.substr(at, 3) == ") Z") return time;
  for (int field = 2; field < 22 && at != text.npos; ++field) at = text.find(' ', at + 1);
  if (at == text.npos) return fail(Errc::Io, "{} has no field 22", path);
  std::uint64_t ticks = 0;
  const auto [end, error] = std::from_chars(text.data() + at + 1, text.data() + text.size(), ticks);
  if (error != std::errc{}) return fail(Errc::Io, "{}: field 22 is no number", path);
  time = ticks;
  return time;
}

Result<std::optional<UniqueFd>> find_process(pid_t pid, std::uint64_t start_time) {
  std::optional<UniqueFd> found;
  if (pid <= 0) return found;
  // First the descriptor, then the look: whatever has the number afterwards, the descriptor is of
  // the process that was looked at, or of one that has ended.
  auto pidfd = open_pidfd(pid);
  if (!pidfd && pidfd.error().code == Errc::NotFound) return found;
  UniqueFd process = TRY(std::move(pidfd));
  if (TRY(start_time_of(pid)) == start_time && !has_ended(process.get())) {
    found = std::move(process);
  }
  return found;
}

Status close_on_exec_from(unsigned first) {
  if (::syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return ok();
  return system_error(errno, "close descriptors");
}

}  // namespace netctl::sys

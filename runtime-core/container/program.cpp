#include "runtime-core/container/program.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "runtime-core/container/accounts.hpp"
#include "runtime-core/container/capabilities.hpp"
#include "runtime-core/container/launch.hpp"
#include "runtime-core/container/limits.hpp"
#include "runtime-core/sys/child.hpp"
#include "runtime-core/sys/mount_api.hpp"

namespace netctl::container {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Error with_status(Error error, unsigned exit_status) {
  error.protocol_code = exit_status;
  return error;
}

std::string value_of(const std::vector<std::string>& environment, std::string_view name) {
  std::string value;
  for (const std::string& each : environment) {  // the last one counts
    if (each.size() > name.size() && each.starts_with(name) && each[name.size()] == '=') {
      value = each.substr(name.size() + 1);
    }
  }
  return value;
}

// 0 when it is a program; otherwise the errno that tells why not.
int why_no_program(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno;
  if (S_ISDIR(info.st_mode)) return EISDIR;
  return (info.st_mode & 0111U) ? 0 : EACCES;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// A path of a directory that the program was not meant to see can be left as the working directory
// of a process by a trick with its descriptors: such a one has no path from "/" on.
Status check_working_directory() {
  char path[4096];
  const bool found = ::getcwd(path, sizeof path) != nullptr;
  if (!found && errno != ENOENT) return system_error(errno, "ask for the working directory");
  if (found && path[0] == '/') return ok();
  return fail(Errc::PermissionDenied, "the working directory is outside of the container");
}

Status change_user(const Process& process) {
  const User& user = process.user;
  if (::setgroups(user.additional_gids.size(), user.additional_gids.data()) != 0) {
    // A user namespace made without privileges has no say in groups.
    if (errno != EPERM || !user.additional_gids.empty()) return system_error(errno, "set groups");
  }
  if (::setresgid(user.gid, user.gid, user.gid) != 0) {
    return system_error(errno, format("become group {}", user.gid));
  }
  if (::setresuid(user.uid, user.uid, user.uid) != 0) {
    return system_error(errno, format("become user {}", user.uid));
  }
  return ok();
}

int exit_status_of(int state) {
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

// The whole program of an init: signals go on, ended children are reaped, and with the child all
// is over.
[[noreturn]] void be_init(pid_t child) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  sigset_t all;
  ::sigfillset(&all);
  for (;;) {
    int signal = 0;
    if (::sigwait(&all, &signal) != 0) continue;
    if (signal != SIGCHLD) {
      ::kill(child, signal);
      continue;
    }
    int state = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &state, WNOHANG)) > 0;) {
      if (ended == child) ::_exit(exit_status_of(state));
    }
  }
}

}  // namespace

Result<std::string> find_program(const Process& process) {
  const std::string& name = process.args.front();
  const auto refused = [&](int reason) {
    if (reason == ENOENT || reason == ENOTDIR) {
      return with_status(system_error(ENOENT, format("exec \"{}\"", name)), kNotFound);
    }
    return with_status(system_error(reason, format("exec \"{}\"", name)), kNotExecutable);
  };
  if (name.find('/') != name.npos) {
    const bool absolute = name.starts_with('/');
    const std::string path = absolute ? name : format("{}/{}", process.cwd, name);
    if (const int reason = why_no_program(path); reason != 0) return refused(reason);
    return path;
  }
  std::string path = value_of(process.env, "PATH");
  if (path.empty()) path = kDefaultPath;
  int reason = ENOENT;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string directory = path.substr(begin, end - begin);
    const std::string candidate =
        format("{}/{}", directory.empty() ? process.cwd : directory, name);
    const int why = why_no_program(candidate);
    if (why == 0 && !name.empty()) return candidate;
    if (why != 0 && why != ENOENT && why != ENOTDIR && why != EISDIR) reason = why;
    begin = end + 1;
  }
  if (reason != ENOENT) return refused(reason);
  return with_status(fail(Errc::NotFound, "exec \"{}\": executable file not found in $PATH", name),
                     kNotFound);
}

std::vector<std::string> environment_of(const Process& process) {
  std::vector<std::string> environment = process.env;
  if (!value_of(environment, "HOME").empty()) return environment;
  std::erase_if(environment, [](const std::string& each) { return each.starts_with("HOME="); });
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto account =
      find_account(file_in_root(root.get(), "/etc/passwd").value_or(""), process.user.uid);
  environment.push_back("HOME=" + (account && !account->home.empty() ? account->home : "/"));
  return environment;
}

Status leave_behind() {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  return sys::close_on_exec_from(3);
}

Status become_user(const Process& process, const FilterProgram& filter) {
  TRY(set_limits(process.rlimits));
  ::umask(process.user.umask.value_or(0022));
  // Without no_new_privs only one who has CAP_SYS_ADMIN may load a filter: before that is gone.
  if (!filter.empty() && !process.no_new_privileges) TRY(load_filter(filter));
  TRY(lower_bounding_set(process.capabilities));
  // Root may be shut out of a directory that the user may enter (NFS), and the other way round.
  const bool entered = ::chdir(process.cwd.c_str()) == 0;
  TRY(change_user(process));
  TRY(set_capabilities(process.capabilities));
  // The change of the user made us visible to others again, and undid the tie to our parent.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error(errno, "hide from ptrace");
  if (!entered && ::chdir(process.cwd.c_str()) != 0) {
    return system_error(errno, format("enter the working directory {}", process.cwd));
  }
  TRY(check_working_directory());
  if (!process.no_new_privileges) return ok();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error(errno, "no_new_privs");
  if (!filter.empty()) TRY(load_filter(filter));
  return ok();
}

Error execute(const std::string& program, const Process& process,
              const std::vector<std::string>& environment) {
  ::execve(program.c_str(), pointers(process.args).data(), pointers(environment).data());
  const bool missing = errno == ENOENT || errno == ENOTDIR;
  return with_status(system_error(errno, format("exec \"{}\"", process.args.front())),
                     missing ? kNotFound : kNotExecutable);
}

Status split_off_init() {
  // Blocked before the fork: a signal that comes between would otherwise meet nobody.
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  const pid_t child = ::fork();
  if (child < 0) return system_error(errno, "fork the program from its init");
  if (child > 0) {
    for (int fd = 0; fd < 1024; ++fd) ::close(fd);
    be_init(child);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  return ok();
}

Status set_streams(int in, int out, int err) {
  const int wanted[] = {in, out, err};
  for (int fd = 0; fd < 3; ++fd) {
    UniqueFd null;
    if (wanted[fd] < 0)
      null.reset(::open("/dev/null", (fd == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC));
    const int source = wanted[fd] < 0 ? null.get() : wanted[fd];
    if (source == fd) continue;
    if (::dup2(source, fd) < 0) return system_error(errno, "set up the standard streams");
    if (null.get() == fd) (void)null.release();
  }
  return ok();
}

Result<Terminal> open_terminal(int root, const Process& process) {
  Terminal terminal;
  terminal.master = TRY(sys::open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW));
  struct stat info {};
  struct statfs filesystem {};
  if (::fstat(terminal.master.get(), &info) != 0 ||
      ::fstatfs(terminal.master.get(), &filesystem) != 0) {
    return system_error(errno, "look at /dev/pts/ptmx of the container");
  }
  if (!S_ISCHR(info.st_mode) || info.st_rdev != ::makedev(5, 2) ||
      filesystem.f_type != DEVPTS_SUPER_MAGIC) {
    return fail(Errc::InvalidArgument, "/dev/pts/ptmx of the container makes no terminals");
  }
  int unlock = 0;
  if (::ioctl(terminal.master.get(), TIOCSPTLCK, &unlock) != 0) {
    return system_error(errno, "unlock the terminal");
  }
  // By the master, never by a path that could be another's.
  terminal.slave.reset(::ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.slave) return system_error(errno, "open the terminal");
  winsize size{};
  size.ws_row = static_cast<unsigned short>(process.rows);
  size.ws_col = static_cast<unsigned short>(process.columns);
  if (size.ws_row || size.ws_col) ::ioctl(terminal.master.get(), TIOCSWINSZ, &size);
  const gid_t same = static_cast<gid_t>(-1);
  if (::fchown(terminal.slave.get(), process.user.uid, same) != 0) {
    return system_error(errno, "give the terminal to the user");
  }
  return terminal;
}

Status take_terminal(int terminal) {
  if (::ioctl(terminal, TIOCSCTTY, 0) != 0) return system_error(errno, "take the terminal");
  return set_streams(terminal, terminal, terminal);
}

Status leave_session_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return ok();
  if (errno == ENOSYS) return ok();  // a kernel without keys
  return system_error(errno, "make a session keyring");
}

Status hide(const LaunchOptions& options) {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error(errno, "hide from ptrace");
  if (options.dies_with_us && ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    return system_error(errno, "tie to the parent");
  }
  return ok();
}

Error begin_program(const Begin& begin, const Terminal& terminal, const Channel& channel) {
  const Process& process = begin.process;
  if (process.terminal) {
    TRY(take_terminal(terminal.slave.get()));
  } else {
    const Streams& streams = begin.options.streams;
    TRY(set_streams(streams.in, streams.out, streams.err));
  }
  const std::string program = TRY(find_program(process));
  const std::vector<std::string> environment = environment_of(process);
  TRY(channel.send(Word::Ready, terminal.master.get()));
  TRY(channel.expect(Word::Start));
  TRY(leave_behind());
  TRY(become_user(process, begin.filter));
  TRY(hide(begin.options));
  if (begin.options.init) TRY(split_off_init());
  return execute(program, process, environment);
}

}  // namespace netctl::container

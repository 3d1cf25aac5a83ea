#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/cgroup/group.hpp"
#include "runtime-core/container/channel.hpp"
#include "runtime-core/container/spec.hpp"
#include "runtime-core/sys/child.hpp"

// From a spec to a running program, in three steps: launch() makes the process, its namespaces and
// its cgroup; while it puts its root file system together whoever called can attach its network;
// start() lets the program begin.
namespace netctl::container {

// The exit status of errors that are the program's own, as shells and Docker have them: in
// Error::protocol_code of what wait_until_ready() and start() give.
inline constexpr unsigned kNotExecutable = 126;
inline constexpr unsigned kNotFound = 127;

struct Streams {
  int in = -1;  // -1: /dev/null
  int out = -1;
  int err = -1;
};

struct LaunchOptions {
  Streams streams{};         // not looked at with Process::terminal
  bool dies_with_us = true;  // the container ends with the thread that launched it
  bool init = false;         // PID 1 is ours: it reaps, and hands on signals
  bool pivot = true;         // false: chroot, where the root is an initial ramdisk
  std::string filters{};     // directory of compiled filters; see find_or_compile_filter()
};

// A container that is not yet, or no longer, of its own: it is killed when this goes, unless it was
// started.
class Launched {
 public:
  Launched(sys::Child child, Channel channel)
      : child_(std::move(child)), channel_(std::move(channel)) {
    channel_.speak_with(child_.pidfd.get());
  }
  Launched(Launched&&) noexcept = default;
  Launched& operator=(Launched&&) = delete;
  ~Launched();

  pid_t pid() const { return child_.pid; }
  int pidfd() const { return child_.pidfd.get(); }

  // Its ids and its cgroup are there. With the root file system, where that was made for it.
  Status go(int root = -1) { return send(Word::Go, root); }
  // Until everything is there but the program. Gives the terminal's other end, where there is one.
  Result<UniqueFd> wait_until_ready();
  // Why it has ended by itself; nothing while it has not.
  std::optional<Error> failure();
  // The program begins: its exec has happened, or the error says why not.
  Status start();
  // Its end (see sys::wait_for_end).
  Result<int> wait() { return sys::wait_for_end(child_.pidfd.get()); }

 private:
  void destroy();
  Status send(Word word, int fd = -1);
  Error why_silent();
  sys::Child child_;
  Channel channel_;
  std::optional<Message> early_{};  // heard by failure(), and not yet waited for
  bool started_ = false;
};

// `group` exists and has its limits.
Result<Launched> launch(const Spec& spec, const cgroup::Group& group, const LaunchOptions& options);

// Another program in a container that runs: in the namespaces of its first process and in its
// cgroup, with the filter that it was started with. start() and the rest as for launch().
Result<Launched> join(pid_t init, const Spec& spec, const Process& process,
                      const cgroup::Group& group, const LaunchOptions& options);

}  // namespace netctl::container

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Processes by descriptor: a pidfd means one process for as long as it is open, a number may come
// to mean another one.
namespace netctl::sys {

struct Child {
  pid_t pid = 0;  // 0: this is the child
  UniqueFd pidfd{};
};

// fork(2) into the namespaces of `flags` (CLONE_NEW*), born in the cgroup (of v2) that `cgroup` is
// open on, or in the caller's (-1). The program must have one thread only. The child ends by
// execve(2) or _exit(2). With CLONE_PARENT it is a child of our parent, and not ours.
// Exhausted where it would be born in a pid namespace whose first process has ended.
Result<Child> clone_child(std::uint64_t flags, int cgroup = -1);

// All that such a child does: `work` gives its exit status. What it throws ends the process
// (std::terminate); it must not go on into the undo of the parent, whose stack this is a copy of.
template <class Work>
[[noreturn]] void be_child(Work&& work) noexcept {
  ::_exit(work());
}

Result<UniqueFd> open_pidfd(pid_t pid);  // NotFound: there is no such process
// The number that the process has in our pid namespace.
Result<pid_t> pid_of(int pidfd);
// NotFound when the process has ended.
Status send_signal(int pidfd, int signal);
// Whether it has ended (a zombie has).
bool has_ended(int pidfd);
// Waits for a child's end: its exit status, or 128 + n when a signal n ended it.
Result<int> wait_for_end(int pidfd);

// When the process was started, in clock ticks since boot (/proc/PID/stat, field 22): with its
// number it names a process once and for all. Nothing when there is none, or it is a zombie. Where
// the kernel could not be asked, for want of descriptors or memory, both of these give an error:
// that a process is gone has to be known for certain.
Result<std::optional<std::uint64_t>> start_time_of(pid_t pid);
// The pidfd of the process with this number that was started then; nothing when it is gone.
Result<std::optional<UniqueFd>> find_process(pid_t pid, std::uint64_t start_time);

// Every descriptor from `first` on is closed by execve(2).
Status close_on_exec_from(unsigned first);

}  // namespace netctl::sys

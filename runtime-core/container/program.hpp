#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/container/channel.hpp"
#include "runtime-core/container/launch.hpp"
#include "runtime-core/container/seccomp.hpp"
#include "runtime-core/container/spec.hpp"

// The last steps of a process inside the container, of the first one as of those that join it:
// from root with everything to the program with what it may have. All paths are the container's.
namespace netctl::container {

// Where execve(2) will find args[0], by the PATH of the program's own environment. The errors have
// the exit status that belongs to them (kNotFound, kNotExecutable).
Result<std::string> find_program(const Process& process);

// The environment with HOME, from the container's /etc/passwd where the process does not say.
std::vector<std::string> environment_of(const Process& process);

// Nothing of ours is left: signals as they are at birth, descriptors from 3 on closed at exec.
Status leave_behind();

// User, groups, capabilities, working directory, no_new_privs and the filter, in the order that
// works. Only execve(2) is to follow.
Status become_user(const Process& process, const FilterProgram& filter);

// execve(2); comes back only when it fails.
Error execute(const std::string& program, const Process& process,
              const std::vector<std::string>& environment);

// For --init: runs `body` in a child, hands all signals on to it, reaps every process that comes
// to an end, and ends with the child, as the child did. Comes back in the child only.
Status split_off_init();

// stdin, stdout, stderr: these descriptors, /dev/null for -1.
Status set_streams(int in, int out, int err);
// A session of its own with this terminal (its slave end) as all three.
Status take_terminal(int terminal);
// The two ends of a new terminal of the container's devpts, with the window's size set.
struct Terminal {
  UniqueFd master{};
  UniqueFd slave{};
};
Result<Terminal> open_terminal(int root, const Process& process);

// All of the above, up to execve(2): streams, the search for the program, then waiting for the word
// that lets it begin. Gives why it did not.
struct Begin {
  const Process& process;
  const LaunchOptions& options;
  const FilterProgram& filter;
};
Error begin_program(const Begin& begin, const Terminal& terminal, const Channel& channel);

// An empty session keyring in place of the one that our caller's login has keys in
// (session-keyring(7)). Called while we are the host's root, whose share of keys is the large one.
Status leave_session_keyring();

// What we are until then cannot be traced, and ends with our parent if it is to.
Status hide(const LaunchOptions& options);

}  // namespace netctl::container

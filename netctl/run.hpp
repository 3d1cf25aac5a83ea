#pragma once

#include "netctl/run_options.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// The exit status of `run` and `exec` for failures that are ours and not the program's.
inline constexpr int kOurFailure = 125;

// What to end with: the program's own 126 or 127 where it could not be started, 125 otherwise.
int exit_status_of(const Error& error);

// Makes a container and runs it: to its end, or detached, when its id is printed. Gives its exit
// status, or 0. `exit_status` is what to end with when it fails: 125, 126, 127.
Result<int> run(const Settings& settings, RunOptions options, int& exit_status);

}  // namespace netctl::command

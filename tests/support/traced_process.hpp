#pragma once

#include <functional>

namespace netctl::test {

// Runs `body` in a child process and kills it with SIGKILL as it enters its `number`th system call
// (counted from 1), which is not carried out. False: it came to its end before. So a test can make
// a process die at each place where that shows, one by one.
bool run_and_kill_at(unsigned number, const std::function<void()>& body);

// How many system calls `body` makes, in a child process.
unsigned count_system_calls(const std::function<void()>& body);

}  // namespace netctl::test

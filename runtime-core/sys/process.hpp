#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

namespace netctl::sys {

// argv or envp for execve(2) and those like it: points into the texts.
std::vector<char*> pointers_to(const std::vector<std::string>& texts);

// How a program ended and what it wrote.
struct Finished {
  int exit_status = 0;  // 128 + n when a signal n ended it, as shells count
  std::string out{};
  std::string err{};
};

// Starts `executable` (a path; no search) with `arguments` (argv[0] included) and `environment`
// ("NAME=value"), gives it `input` on stdin, and waits for its end. The three streams are memory
// files, so neither side can block on the other and a grandchild that keeps stdout open holds
// nobody up. At most 16 MiB of each output are kept.
Result<Finished> run_program(const std::string& executable,
                             const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment, std::string_view input);

}  // namespace netctl::sys

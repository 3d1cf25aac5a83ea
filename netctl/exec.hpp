#pragma once

#include <string>
#include <vector>

#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

struct ExecOptions {
  std::string container{};
  std::vector<std::string> command{};
  std::vector<std::string> env{};
  std::string workdir{};  // empty: the container's
  std::string user{};
  bool interactive = false;
  bool terminal = false;
  bool detach = false;
  bool privileged = false;  // all capabilities
};

// Runs another program in a container, and gives its exit status; as for run().
Result<int> exec(const Settings& settings, const ExecOptions& options, int& exit_status);

}  // namespace netctl::command

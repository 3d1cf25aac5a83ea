#pragma once

#include <functional>

#include "netctl/run_options.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/container/state.hpp"
#include "runtime-core/container/store.hpp"

// The life of one container, from its config.json to the last of its traces.
namespace netctl::command {

container::Store store(const Settings& settings);

// The name that its network namespace is pinned under.
std::string pin_name_of(const std::string& id);

// Starts the container whose state and spec are in the store, attends to it until its end, and
// gives its exit status. `started` is called when its program runs. Where it does not come to that
// nothing of it is left. This process blocks signals and hands them on.
Result<int> supervise(const Settings& settings, const RunOptions& options, container::State state,
                      const std::function<void()>& started);

// Takes away what a container that has ended, or never began, still has outside of its directories:
// processes, networks, namespace, cgroups. Fine when there is nothing; past failures.
Status release(const Settings& settings, const container::State& state);

}  // namespace netctl::command

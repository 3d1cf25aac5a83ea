#pragma once

#include <functional>

#include "netctl/run_options.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cgroup/group.hpp"
#include "runtime-core/container/state.hpp"
#include "runtime-core/container/store.hpp"

// The life of one container, from its config.json to the last of its traces.
namespace netctl::command {

container::Store store(const Settings& settings);

// The container of that name, which has to run.
Result<container::State> running_container(const Settings& settings, const std::string& name);

Result<cgroup::Group> group_of(const container::State& state);
// Whether there are no cgroups where we are, or none that we see: no failure for who can do
// without.
bool sees_no_cgroups(const Result<cgroup::Layout>& layout);

// "created", "running", "paused", "exited (0)" or "dead".
Result<std::string> state_text(const container::State& state, container::Phase phase);

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

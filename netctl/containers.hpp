#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/run_options.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

// Commands on containers that there are, each named by name, id, or the beginning of an id.
namespace netctl::command {

// Those that run, or all. Of the filters, name is a part of it and id the beginning, state is its
// first word; one that asks for a state asks for all containers.
inline constexpr std::array<std::string_view, 6> kContainerFilters{
    {"id", "name", "state", "network", "rootfs", "exitStatus"}};
Status list_containers(const Settings& settings, bool all, const Output& output);

// Sends the signal that it was run with, and kills it when it has not ended after `seconds`.
// Returns when its traces are gone too. One that has ended already is fine.
Status stop_container(const Settings& settings, const std::string& name, unsigned seconds);
// Sends a signal to its first process.
Status kill_container(const Settings& settings, const std::string& name, const std::string& signal);
// Removes it and all that is left of it, whatever state it is in; one that runs only with `force`,
// which kills it. With force one that does not exist is fine.
Status remove_container(const Settings& settings, const std::string& name, bool force);
// Freezes all its processes, or lets them go on.
Status pause_container(const Settings& settings, const std::string& name, bool paused);
// Changes the limits that are told, and remembers them.
Status update_container(const Settings& settings, const std::string& name,
                        const RunOptions& options);
// What each uses now. Without names, those that run.
inline constexpr std::array<std::string_view, 2> kStatisticsFilters{{"id", "name"}};
Status show_statistics(const Settings& settings, const std::vector<std::string>& names,
                       const Output& output);

struct LogOptions {
  bool follow = false;  // until its end
  bool timestamps = false;
  std::optional<unsigned> tail{};  // only so many of the last lines
};
Status show_log(const Settings& settings, const std::string& name, const LogOptions& options);

// Takes away what containers left that were not there to clean up after themselves: those whose
// monitor was killed, and directories, cgroups and namespaces that belong to no container. Prints a
// line for each; with `dry_run` it does no more than that.
Status collect_containers(const Settings& settings, bool dry_run);

}  // namespace netctl::command

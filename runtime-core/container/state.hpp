#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

// What is remembered of a container beside its config.json: facts that only those who started it
// know. What can be asked of the kernel is asked.
namespace netctl::container {

// A process by number and start time, so that another one with the number is not mistaken for it.
struct ProcessName {
  pid_t pid = 0;  // 0: none
  std::uint64_t start_time = 0;
  bool operator==(const ProcessName&) const = default;
};
Result<ProcessName> own_name();
Result<ProcessName> name_of_process(pid_t pid);
// Whether it is there. An error when the kernel could not be asked, as for want of descriptors: one
// that is not known to have ended must not be cleaned up after.
Result<bool> is_alive(const ProcessName& process);

// A network that it is attached to, in the words of `netctl add`.
struct NetworkUse {
  std::string network{};
  std::string ifname{};
  std::vector<std::string> publish{};
  std::vector<std::string> ips{};
  std::string mac{};
  bool operator==(const NetworkUse&) const = default;
};

struct State {
  std::string id{};
  std::string name{};
  std::string command{};
  std::string rootfs{};   // the directory or the topmost layer, as it was typed
  ProcessName init{};     // none before it was born
  ProcessName monitor{};  // who waits for its end and cleans up after it
  std::string cgroup_path{};
  std::string netns{};  // where it is pinned; empty: it has none of its own
  std::string log{};    // empty: its output went to whoever started it
  std::vector<NetworkUse> networks{};
  std::int64_t created_ns = 0;  // Unix times; 0: not yet
  std::int64_t started_ns = 0;
  std::int64_t finished_ns = 0;
  std::optional<int> exit_status{};
  std::string error{};    // what is to be said of its end
  bool released = false;  // its networks, cgroups and namespaces are gone
  bool removes_itself = false;
  int stop_signal = 15;
  bool operator==(const State&) const = default;
};

std::int64_t now_ns();  // the time, as a state has it

// The cgroup of the container with this id, below each mount point.
std::string group_path_of(const std::string& id);

Result<State> parse_state(std::string_view json);
std::string to_json(const State& state);

// created (not started yet), running, exited; dead: it ended, or its creation did, and nobody was
// there to see it. Whether a running one is paused is known to its cgroup.
enum class Phase { Created, Running, Exited, Dead };
Result<Phase> phase_of(const State& state);
Result<bool> is_running(const State& state);

}  // namespace netctl::container

#include "runtime-core/container/state.hpp"

#include <unistd.h>

#include <ctime>

#include "runtime-core/sys/child.hpp"

namespace netctl::container {

Result<ProcessName> name_of_process(pid_t pid) {
  const auto start_time = TRY(sys::start_time_of(pid));
  return ProcessName{.pid = pid, .start_time = start_time.value_or(0)};
}

Result<ProcessName> own_name() { return name_of_process(::getpid()); }

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string group_path_of(const std::string& id) { return "/netctl/" + id; }

Result<bool> is_alive(const ProcessName& process) {
  return TRY(sys::find_process(process.pid, process.start_time)).has_value();
}

Result<Phase> phase_of(const State& state) {
  if (state.finished_ns != 0) return Phase::Exited;
  if (state.started_ns == 0) return TRY(is_alive(state.monitor)) ? Phase::Created : Phase::Dead;
  return TRY(is_alive(state.init)) ? Phase::Running : Phase::Dead;
}

Result<bool> is_running(const State& state) { return TRY(phase_of(state)) == Phase::Running; }

}  // namespace netctl::container

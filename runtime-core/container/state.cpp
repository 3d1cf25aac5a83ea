#include "runtime-core/container/state.hpp"

#include <unistd.h>

#include "runtime-core/sys/child.hpp"

namespace netctl::container {

ProcessName name_of_process(pid_t pid) {
  return {.pid = pid, .start_time = sys::start_time_of(pid).value_or(0)};
}

ProcessName own_name() { return name_of_process(::getpid()); }

bool is_alive(const ProcessName& process) {
  return sys::find_process(process.pid, process.start_time).has_value();
}

Phase phase_of(const State& state) {
  if (state.finished_ns != 0) return Phase::Exited;
  if (state.started_ns == 0) return is_alive(state.monitor) ? Phase::Created : Phase::Dead;
  return is_alive(state.init) ? Phase::Running : Phase::Dead;
}

}  // namespace netctl::container

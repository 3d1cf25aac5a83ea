#include "netctl/exec.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "netctl/attend.hpp"
#include "netctl/run.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/cgroup/group.hpp"
#include "runtime-core/container/accounts.hpp"
#include "runtime-core/container/capabilities.hpp"
#include "runtime-core/container/launch.hpp"
#include "runtime-core/sys/own_program.hpp"

namespace netctl::command {
namespace {

using container::Process;
using container::State;

// By the files that the container has now, seen through its first process.
Result<container::User> user_of(const std::string& text, pid_t init) {
  const UniqueFd root(
      ::open(format("/proc/{}/root", init).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return system_error(errno, "open the container's root");
  const std::string passwd = TRY(container::file_in_root(root.get(), "/etc/passwd"));
  const std::string group = TRY(container::file_in_root(root.get(), "/etc/group"));
  return container::parse_user(text, passwd, group).context("-u");
}

// The container's own process, with what is another's about it.
Result<Process> process_of(const ExecOptions& options, const container::Spec& spec, pid_t init) {
  Process process = spec.process;
  process.args = options.command;
  process.terminal = options.terminal;
  process.oom_score_adj.reset();
  if (!options.workdir.empty()) process.cwd = options.workdir;
  if (options.terminal) process.env.emplace_back("TERM=xterm");
  for (const std::string& each : options.env) {
    if (each.find('=') != each.npos) {
      process.env.push_back(each);
    } else if (const char* value = std::getenv(each.c_str())) {
      process.env.push_back(each + "=" + value);
    }
  }
  std::vector<std::string> capabilities = process.capabilities.bounding;
  if (options.privileged) capabilities = container::all_capabilities();
  process.capabilities = {.bounding = capabilities};
  if (!options.user.empty()) process.user = TRY(user_of(options.user, init));
  if (process.user.uid == 0) {
    process.capabilities.effective = capabilities;
    process.capabilities.permitted = capabilities;
  }
  return process;
}

Result<State> usable(const Settings& settings, const std::string& name) {
  State state = TRY(store(settings).find(name));
  if (!TRY(container::is_running(state))) {
    return fail(Errc::NotFound, "cannot exec in a stopped container: \"{}\"", name);
  }
  const cgroup::Group group = TRY(group_of(state));
  if (!TRY(group.is_frozen())) return state;
  return fail(Errc::TryAgain, "cannot exec in a paused container: netctl unpause {}", name);
}

Result<int> run_inside(const Settings& settings, const ExecOptions& options) {
  const State state = TRY(usable(settings, options.container));
  const container::Spec spec = TRY(store(settings).spec_of(state.id));
  const Process process = TRY(process_of(options, spec, state.init.pid));
  const cgroup::Layout layout = TRY(cgroup::own_layout());
  const cgroup::Group group(layout, state.cgroup_path);
  const Signals signals = TRY(Signals::take());
  container::Streams streams;
  if (!options.detach) {
    streams = {
        .in = options.interactive ? STDIN_FILENO : -1, .out = STDOUT_FILENO, .err = STDERR_FILENO};
  }
  auto launched = TRY(container::join(
      state.init.pid, spec, process, group,
      {.streams = streams, .dies_with_us = !options.detach, .filters = store(settings).filters()}));
  UniqueFd terminal = TRY(launched.wait_until_ready());
  TRY(launched.start());
  if (options.detach) return 0;
  {
    std::optional<RawTerminal> raw;
    if (terminal) raw.emplace();
    Attended attended{.pidfd = launched.pidfd(),
                      .terminal = std::move(terminal),
                      .forwards_input = options.terminal && options.interactive};
    TRY(attend(signals, std::move(attended)));
  }
  return launched.wait();
}

}  // namespace

Result<int> exec(const Settings& settings, const ExecOptions& options, int& exit_status) {
  exit_status = kOurFailure;
  TRY(sys::seal_own_program());
  auto ended = run_inside(settings, options);
  if (!ended) exit_status = exit_status_of(ended.error());
  return ended;
}

}  // namespace netctl::command

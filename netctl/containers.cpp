#include "netctl/containers.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <set>

#include "netctl/progress.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cgroup/group.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/child.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::command {
namespace {

using container::group_path_of;
using container::Phase;
using container::State;
using std::chrono::milliseconds;

// How long the monitor of a container that has ended may take to clean up after it.
constexpr milliseconds kCleaningUp{20'000};

// True when it ended in time, or had ended before.
Result<bool> wait_for(const container::ProcessName& process, milliseconds patience) {
  const auto pidfd = TRY(sys::find_process(process.pid, process.start_time));
  if (!pidfd) return true;
  pollfd waiting{.fd = pidfd->get(), .events = POLLIN, .revents = 0};
  // A second at a time, to show how it goes.
  for (milliseconds left = patience; left.count() > 0; left -= milliseconds(1000)) {
    const auto slice = std::min(left, milliseconds(1000));
    if (::poll(&waiting, 1, static_cast<int>(slice.count())) == 1) return true;
    Progress::tick();
  }
  return ::poll(&waiting, 1, 0) == 1;
}

Status signal(const container::ProcessName& process, int number) {
  const auto pidfd = TRY(sys::find_process(process.pid, process.start_time));
  if (!pidfd) return ok();
  const auto sent = sys::send_signal(pidfd->get(), number);
  return sent || sent.error().code == Errc::NotFound ? ok() : sent;
}

// --- removing -------------------------------------------------------------------------------

// Nobody is at work on it afterwards: neither its program nor whoever attends to it.
Status end(const State& state) {
  if (TRY(container::phase_of(state)) == Phase::Created) {
    // Its start is under way, in whatever step: what it did is undone by what follows.
    TRY(signal(state.monitor, SIGKILL));
  }
  const cgroup::Group group = TRY(group_of(state));
  TRY(group.kill());
  TRY(signal(state.init, SIGKILL));
  if (TRY(wait_for(state.monitor, kCleaningUp))) return ok();
  log::warn("the monitor of {} does not come to its end: killed", state.name);
  TRY(signal(state.monitor, SIGKILL));
  TRY(wait_for(state.monitor, kCleaningUp));
  return ok();
}

// Its monitor may have cleaned up, or removed it, since `state` was read.
Status remove_all(const Settings& settings, const State& state) {
  const auto now = store(settings).find_id(state.id);
  TRY(release(settings, now && *now ? **now : state));
  return store(settings).remove(state);
}

// --- garbage --------------------------------------------------------------------------------

Status collect(const Settings& settings, const State& state, std::string_view what, bool dry_run) {
  const std::string name = state.name.empty() ? state.id.substr(0, 12) : state.name;
  Progress::tick("container " + name);
  TRY(print(
      format("{} container {}: {}\n", dry_run ? "would clean up" : "cleaned up", name, what)));
  if (dry_run) return ok();
  if (state.started_ns == 0 || state.removes_itself) return remove_all(settings, state);
  // It ran: its log and what it wrote are kept until `rm`.
  TRY(release(settings, state));
  State ended = state;
  ended.finished_ns = std::int64_t{std::time(nullptr)} * 1'000'000'000;
  ended.error = "nobody saw its end";
  ended.released = true;
  return store(settings).save(ended);
}

// Another netctl, with a directory of its own, may have made it: cgroups are the whole machine's.
// It is nobody's when nobody is in it, and it is not just being filled.
Result<bool> is_deserted(const cgroup::Group& group) {
  constexpr std::time_t kBirth = 60;
  for (const cgroup::Hierarchy& each : group.layout().hierarchies) {
    const std::string directory = group.directory_in(each);
    struct stat info {};
    if (::stat(directory.c_str(), &info) != 0) {
      if (errno == ENOENT) continue;
      return system_error(errno, "look at " + directory);
    }
    if (std::time(nullptr) - info.st_ctime < kBirth) return false;
  }
  return TRY(group.members()).empty();
}

// Groups of containers that nobody knows; goes on past those that cannot be looked at.
Result<std::vector<std::string>> unknown_groups(const std::vector<std::string>& known,
                                                ErrorList& errors) {
  auto found = cgroup::own_layout();
  if (sees_no_cgroups(found)) return std::vector<std::string>();
  const cgroup::Layout layout = TRY(std::move(found));
  std::set<std::string> ids;
  for (const cgroup::Hierarchy& each : layout.hierarchies) {
    for (const std::string& name : TRY(sys::list_directory(each.mount_point + "/netctl"))) {
      const bool is_id =
          name.size() == 64 && name.find_first_not_of("0123456789abcdef") == name.npos;
      if (is_id && std::ranges::find(known, name) == known.end()) ids.insert(name);
    }
  }
  std::vector<std::string> deserted;
  for (const std::string& id : ids) {
    const auto is_nobodys = is_deserted(cgroup::Group(layout, group_path_of(id)));
    if (!is_nobodys) errors.add(is_nobodys.error());
    if (is_nobodys && *is_nobodys) deserted.push_back(id);
  }
  return deserted;
}

Status collect_if_ended(const Settings& settings, const State& state, bool dry_run) {
  const Phase phase = TRY(container::phase_of(state));
  // One that runs without a monitor is let be: it will be found when it has ended.
  const bool unfinished = phase == Phase::Exited && !TRY(container::is_alive(state.monitor)) &&
                          (!state.released || state.removes_itself);
  if (phase != Phase::Dead && !unfinished) return ok();
  return collect(settings, state, "it ended with nobody to clean up after it", dry_run);
}

}  // namespace

Status stop_container(const Settings& settings, const std::string& name, unsigned seconds) {
  const State state = TRY(store(settings).find(name));
  if (TRY(container::is_running(state))) {
    const cgroup::Group group = TRY(group_of(state));
    if (TRY(group.is_frozen())) TRY(group.set_frozen(false));  // or it would not hear of it
    TRY(signal(state.init, state.stop_signal));
    if (!TRY(wait_for(state.init, milliseconds(std::int64_t{seconds} * 1000)))) TRY(group.kill());
  }
  if (TRY(wait_for(state.monitor, kCleaningUp))) return ok();
  return fail(Errc::TryAgain, "container \"{}\" does not come to its end: netctl rm -f removes it",
              name);
}

Status kill_container(const Settings& settings, const std::string& name,
                      const std::string& signal_text) {
  const int number = TRY(parse_signal(signal_text));
  const State state = TRY(running_container(settings, name));
  return signal(state.init, number);
}

Status remove_container(const Settings& settings, const std::string& name, bool force) {
  const auto state = store(settings).find(name);
  if (!state) {
    if (force && state.error().code == Errc::NotFound) return ok();
    return state.error();
  }
  const Phase phase = TRY(container::phase_of(*state));
  if (!force && (phase == Phase::Running || phase == Phase::Created)) {
    const std::string text = TRY(state_text(*state, phase));
    return fail(Errc::InvalidArgument,
                "container \"{}\" is {}: netctl stop {} ends it, rm -f does both", name, text,
                name);
  }
  TRY(end(*state));
  return remove_all(settings, *state).context("container \"{}\"", name);
}

Status pause_container(const Settings& settings, const std::string& name, bool paused) {
  const State state = TRY(running_container(settings, name));
  const cgroup::Group group = TRY(group_of(state));
  if (TRY(group.is_frozen()) == paused) {
    return fail(Errc::InvalidArgument, "container \"{}\" is {}paused", name,
                paused ? "already " : "not ");
  }
  return group.set_frozen(paused);
}

Status update_container(const Settings& settings, const std::string& name,
                        const RunOptions& options) {
  const State state = TRY(running_container(settings, name));
  const cgroup::Resources changed = TRY(resources_of(options));
  if (changed == cgroup::Resources{}) {
    return fail(Errc::InvalidArgument, "nothing to change: netctl update --help lists the limits");
  }
  const cgroup::Group group = TRY(group_of(state));
  TRY(group.apply(changed));
  container::Spec spec = TRY(store(settings).spec_of(state.id));
  cgroup::merge(spec.resources, changed);
  return store(settings).save_spec(state.id, spec);
}

Status collect_containers(const Settings& settings, bool dry_run) {
  ErrorList errors;
  const container::Store where = store(settings);
  // Under the lock nobody is between making a directory and its state.
  auto held = std::optional(TRY(where.lock()));
  if (!dry_run) errors.keep(where.release_stray_names());
  const std::vector<State> known = TRY(where.all());
  std::vector<std::string> unknown = TRY(where.ids_without_state());
  const auto groups = unknown_groups(TRY(where.ids()), errors);
  if (!groups) errors.add(groups.error());
  if (groups) unknown.insert(unknown.end(), groups->begin(), groups->end());
  held.reset();
  for (const std::string& id : unknown) {
    const State state{.id = id, .cgroup_path = group_path_of(id)};
    errors.keep(collect(settings, state, "nothing is known of it", dry_run));
  }
  for (const State& state : known) errors.keep(collect_if_ended(settings, state, dry_run));
  return errors.status();
}

}  // namespace netctl::command

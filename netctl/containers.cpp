#include "netctl/containers.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <set>
#include <sstream>

#include "netctl/attach.hpp"
#include "netctl/filters.hpp"
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

using Attachments = std::vector<cni::CachedAttachment>;
using container::group_path_of;
using container::NetworkUse;
using container::Phase;
using container::State;
using std::chrono::milliseconds;

// How long the monitor of a container that has ended may take to clean up after it.
constexpr milliseconds kCleaningUp{20'000};

Result<cgroup::Group> group_of(const State& state) {
  const cgroup::Layout layout = TRY(cgroup::own_layout());
  return cgroup::Group(layout, state.cgroup_path);
}

// Whether there are no cgroups where we are, or none that we see: no failure for who can do
// without.
bool sees_no_cgroups(const Result<cgroup::Layout>& layout) {
  return !layout &&
         (layout.error().code == Errc::NotFound || layout.error().code == Errc::NotSupported);
}

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

Result<State> running(const Settings& settings, const std::string& name) {
  State state = TRY(store(settings).find(name));
  if (TRY(container::is_running(state))) return state;
  return fail(Errc::NotFound, "container \"{}\": container not running", name);
}

// --- lists ----------------------------------------------------------------------------------

Result<std::string> state_text(const State& state, Phase phase) {
  switch (phase) {
    case Phase::Created:
      return std::string("created");
    case Phase::Dead:
      return std::string("dead");
    case Phase::Exited:
      return format("exited ({})", state.exit_status.value_or(-1));
    case Phase::Running:
      break;
  }
  auto layout = cgroup::own_layout();
  if (sees_no_cgroups(layout)) return std::string("running");
  const cgroup::Group group(TRY(std::move(layout)), state.cgroup_path);
  return std::string(TRY(group.is_frozen()) ? "paused" : "running");
}

Fact age_fact(const State& state) {
  const std::int64_t from = state.started_ns != 0 ? state.started_ns : state.created_ns;
  const std::int64_t age = std::time(nullptr) - from / 1'000'000'000;
  return {.name = "age", .text = age_text(age), .json = format("{}", age)};
}

// What one that runs is attached to by now (`netctl network connect`, `disconnect`), those first
// that it began with; of one that does not run all that it began with.
std::vector<NetworkUse> networks_of(const State& state, bool runs, const Attachments& attachments) {
  if (!runs) return state.networks;
  std::vector<NetworkUse> uses;
  for (const cni::CachedAttachment& each : attachments) {
    if (each.call.container_id != state.id) continue;
    uses.push_back({.network = each.network,
                    .ifname = each.call.ifname,
                    .publish = published_texts(owner_of(each), each.call.capability_args)});
  }
  const auto place = [&](const NetworkUse& use) {
    return std::ranges::find_if(state.networks, [&](const NetworkUse& began) {
      return began.network == use.network && began.ifname == use.ifname;
    });
  };
  std::ranges::stable_sort(uses, {}, place);
  return uses;
}

Result<Facts> facts_of(const State& state, const Attachments& attachments) {
  const Phase phase = TRY(container::phase_of(state));
  std::vector<std::string> networks;
  std::vector<std::string> ports;
  if (state.networks.empty()) {
    networks.emplace_back(state.netns.empty() ? "host" : "ns:" + state.netns);
  }
  for (const NetworkUse& each : networks_of(state, phase == Phase::Running, attachments)) {
    networks.push_back(each.network);
    ports.insert(ports.end(), each.publish.begin(), each.publish.end());
  }
  const std::string text = TRY(state_text(state, phase));
  Facts facts{fact("id", state.id),
              fact("name", state.name),
              fact("command", state.command),
              fact("state", text),
              age_fact(state),
              fact("networks", networks),
              fact("ports", ports),
              fact("pid", std::int64_t{phase == Phase::Running ? state.init.pid : 0}),
              fact("rootfs", state.rootfs),
              fact("created", utc_text(state.created_ns / 1'000'000'000)),
              fact("netns", state.netns),
              fact("cgroup", state.cgroup_path)};
  if (state.exit_status) facts.push_back(fact("exitStatus", std::int64_t{*state.exit_status}));
  return facts;
}

const std::string& text_of(const Facts& facts, std::string_view name) {
  static const std::string none;
  const auto fact = std::ranges::find(facts, name, &Fact::name);
  return fact == facts.end() ? none : fact->text;
}

bool container_holds(const Filter& filter, const Facts& facts) {
  if (filter.key == "id") return text_of(facts, "id").starts_with(filter.value);
  if (filter.key == "name") return text_of(facts, "name").find(filter.value) != std::string::npos;
  if (filter.key == "network") return is_fact({.key = "networks", .value = filter.value}, facts);
  if (filter.key != "state") return is_fact(filter, facts);
  const std::string& state = text_of(facts, "state");
  return state == filter.value || state.substr(0, state.find(' ')) == filter.value;
}

// Containers come and go with their directories; what they use nobody tells of.
Changes container_changes(const Settings& settings) {
  return {.directories = {settings.run_directory + "/containers"}, .untold = true};
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

// --- statistics -----------------------------------------------------------------------------

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? format("{}B", bytes) : format("{:.1f}{}", value, kUnits[unit]);
}

Fact number_fact(const std::string& name, const std::optional<std::uint64_t>& number,
                 std::string text) {
  return {.name = name,
          .text = number ? std::move(text) : "",
          .json = number ? format("{}", *number) : "null"};
}

Fact bytes_fact(const std::string& name, const std::optional<std::uint64_t>& bytes) {
  return number_fact(name, bytes, bytes_text(bytes.value_or(0)));
}

struct NetworkBytes {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

// Of all interfaces but lo, in the namespace that the process is in (proc(5), /proc/net/dev).
NetworkBytes traffic_of(pid_t pid) {
  NetworkBytes traffic;
  const auto text = sys::find_file(format("/proc/{}/net/dev", pid));
  if (!text || !*text) return traffic;
  std::istringstream lines(**text);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == line.npos || line.substr(0, colon).ends_with("lo")) continue;
    std::istringstream numbers(line.substr(colon + 1));
    std::array<std::uint64_t, 9> columns{};
    for (std::uint64_t& each : columns) numbers >> each;
    traffic.received += columns[0];
    traffic.sent += columns[8];
  }
  return traffic;
}

Facts statistics_facts(const State& state, const cgroup::Statistics& used) {
  // The clock may have been set back since.
  const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  const auto lived_ns = static_cast<double>(now.count() - state.started_ns);
  const double percent =
      lived_ns > 0 ? 100.0 * static_cast<double>(used.cpu_ns.value_or(0)) / lived_ns : 0;
  const NetworkBytes traffic = traffic_of(state.init.pid);
  return {
      fact("name", state.name),
      fact("id", state.id),
      number_fact("cpuNanoseconds", used.cpu_ns,
                  format("{:.2f}s", static_cast<double>(used.cpu_ns.value_or(0)) / 1e9)),
      {.name = "cpuPercent", .text = format("{:.1f}%", percent), .json = format("{:.2f}", percent)},
      number_fact("throttledPeriods", used.throttled_periods,
                  format("{}", used.throttled_periods.value_or(0))),
      bytes_fact("memory", used.memory),
      bytes_fact("memoryLimit", used.memory_limit),
      number_fact("oomKills", used.oom_kills, format("{}", used.oom_kills.value_or(0))),
      number_fact("pids", used.pids, format("{}", used.pids.value_or(0))),
      number_fact("pidsLimit", used.pids_limit, format("{}", used.pids_limit.value_or(0))),
      bytes_fact("received", traffic.received),
      bytes_fact("sent", traffic.sent),
      bytes_fact("readBytes", used.read_bytes),
      bytes_fact("writtenBytes", used.written_bytes)};
}

// The named ones, or those that run.
Result<std::vector<State>> states_of(const Settings& settings,
                                     const std::vector<std::string>& names) {
  std::vector<State> states;
  for (const std::string& name : names) {
    State state = TRY(running(settings, name));
    states.push_back(std::move(state));
  }
  if (!names.empty()) return states;
  for (State& each : TRY(store(settings).all())) {
    if (TRY(container::is_running(each))) states.push_back(std::move(each));
  }
  return states;
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

Status list_containers(const Settings& settings, bool all, const Output& output) {
  static constexpr std::array<Column, 12> kColumns{{{"ID", "id", 12},
                                                    {"NAME", "name"},
                                                    {"COMMAND", "command", 30},
                                                    {"STATE", "state"},
                                                    {"AGE", "age"},
                                                    {"NETWORKS", "networks"},
                                                    {"PORTS", "ports"},
                                                    {"PID", "pid", 0, true},
                                                    {"CREATED", "created", 0, true},
                                                    {"ROOTFS", "rootfs", 0, true},
                                                    {"NETNS", "netns", 0, true},
                                                    {"CGROUP", "cgroup", 0, true}}};
  const bool asks_state = std::ranges::any_of(output.filters, [](const std::string& each) {
    return each.starts_with("state=") || each.starts_with("exitStatus=");
  });
  const auto read = [&]() -> Result<std::vector<Facts>> {
    std::vector<Facts> things;
    const std::vector<State> states = TRY(store(settings).all());
    const Attachments attachments = runtime(settings).cached("");
    for (const State& state : states) {
      const bool runs = TRY(container::is_running(state));
      if (runs || all || asks_state) things.push_back(TRY(facts_of(state, attachments)));
    }
    return things;
  };
  return show_list({.columns = kColumns,
                    .name = "id",
                    .filters = kContainerFilters,
                    .read = read,
                    .changes = container_changes(settings),
                    .holds = container_holds},
                   output);
}

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
  const State state = TRY(running(settings, name));
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
  const State state = TRY(running(settings, name));
  const cgroup::Group group = TRY(group_of(state));
  if (TRY(group.is_frozen()) == paused) {
    return fail(Errc::InvalidArgument, "container \"{}\" is {}paused", name,
                paused ? "already " : "not ");
  }
  return group.set_frozen(paused);
}

Status update_container(const Settings& settings, const std::string& name,
                        const RunOptions& options) {
  const State state = TRY(running(settings, name));
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

Status show_statistics(const Settings& settings, const std::vector<std::string>& names,
                       const Output& output) {
  static constexpr std::array<Column, 14> kColumns{{{"NAME", "name"},
                                                    {"CPU", "cpuPercent"},
                                                    {"CPU TIME", "cpuNanoseconds"},
                                                    {"MEMORY", "memory"},
                                                    {"LIMIT", "memoryLimit"},
                                                    {"PIDS", "pids"},
                                                    {"RECEIVED", "received"},
                                                    {"SENT", "sent"},
                                                    {"READ", "readBytes"},
                                                    {"WRITTEN", "writtenBytes"},
                                                    {"PIDS LIMIT", "pidsLimit", 0, true},
                                                    {"THROTTLED", "throttledPeriods", 0, true},
                                                    {"OOM KILLS", "oomKills", 0, true},
                                                    {"ID", "id", 0, true}}};
  const auto read = [&]() -> Result<std::vector<Facts>> {
    std::vector<Facts> things;
    for (const State& state : TRY(states_of(settings, names))) {
      const cgroup::Group group = TRY(group_of(state));
      things.push_back(statistics_facts(state, group.statistics()));
    }
    return things;
  };
  return show_list({.columns = kColumns,
                    .name = "name",
                    .filters = kStatisticsFilters,
                    .read = read,
                    .changes = container_changes(settings),
                    .holds = container_holds},
                   output);
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

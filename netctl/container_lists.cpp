#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <sstream>

#include "netctl/attach.hpp"
#include "netctl/containers.hpp"
#include "netctl/filters.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/cgroup/group.hpp"
#include "runtime-core/sys/files.hpp"

// What is shown of containers: netctl ps, netctl stats.
namespace netctl::command {
namespace {

using Attachments = std::vector<cni::CachedAttachment>;
using container::NetworkUse;
using container::Phase;
using container::State;

// --- lists ----------------------------------------------------------------------------------

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
    State state = TRY(running_container(settings, name));
    states.push_back(std::move(state));
  }
  if (!names.empty()) return states;
  for (State& each : TRY(store(settings).all())) {
    if (TRY(container::is_running(each))) states.push_back(std::move(each));
  }
  return states;
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

}  // namespace netctl::command

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>

#include "netctl/run_mounts.hpp"
#include "netctl/run_options.hpp"
#include "runtime-core/container/capabilities.hpp"
#include "runtime-core/container/default_profile.hpp"
#include "runtime-core/container/state.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::command {
namespace {

using container::Spec;
using ns::Kind;

template <class Number>
Result<Number> parse_number(std::string_view text, std::string_view what) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && !text.empty()) return number;
  return fail(Errc::InvalidArgument, "{}: \"{}\" is not a number", what, text);
}

// --- limits ---------------------------------------------------------------------------------

Result<cgroup::Memory> memory_of(const RunOptions& options) {
  cgroup::Memory memory;
  if (!options.memory.empty()) memory.limit = TRY(parse_size(options.memory).context("-m"));
  if (!options.memory_swap.empty()) {
    memory.swap = TRY(parse_size(options.memory_swap).context("--memory-swap"));
  } else if (memory.limit && *memory.limit > 0) {
    memory.swap = 2 * *memory.limit;  // as much swap as memory
  }
  if (!options.memory_reservation.empty()) {
    memory.reservation =
        TRY(parse_size(options.memory_reservation).context("--memory-reservation"));
  }
  return memory;
}

Result<cgroup::Cpu> cpu_of(const RunOptions& options) {
  constexpr double kPeriod = 100'000;
  cgroup::Cpu cpu{.shares = options.cpu_shares,
                  .quota = options.cpu_quota,
                  .period = options.cpu_period,
                  .cpus = options.cpuset_cpus,
                  .mems = options.cpuset_mems};
  if (options.cpus.empty()) return cpu;
  if (cpu.quota || cpu.period) {
    return fail(Errc::InvalidArgument, "--cpus is a quota and a period: leave out the others");
  }
  const double cpus = TRY(parse_number<double>(options.cpus, "--cpus"));
  if (!(cpus >= 0.01) || cpus > 100'000) {
    return fail(Errc::InvalidArgument, "--cpus {}: at least 0.01", options.cpus);
  }
  cpu.quota = static_cast<std::int64_t>(cpus * kPeriod);
  cpu.period = static_cast<std::uint64_t>(kPeriod);
  return cpu;
}

Result<struct stat> device_node(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error(errno, path);
  if (S_ISBLK(info.st_mode) || S_ISCHR(info.st_mode)) return info;
  return fail(Errc::InvalidArgument, "{} is no device", path);
}

Result<std::vector<cgroup::Throttle>> throttles_of(const std::vector<std::string>& texts) {
  std::vector<cgroup::Throttle> throttles;
  for (const std::string& text : texts) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) {
      return fail(Errc::InvalidArgument, "\"{}\": write DEVICE:RATE", text);
    }
    const struct stat info = TRY(device_node(text.substr(0, colon)));
    const std::int64_t rate = TRY(parse_size(text.substr(colon + 1)));
    throttles.push_back({.major = static_cast<std::int64_t>(::major(info.st_rdev)),
                         .minor = static_cast<std::int64_t>(::minor(info.st_rdev)),
                         .rate = static_cast<std::uint64_t>(std::max<std::int64_t>(rate, 0))});
  }
  return throttles;
}

struct Device {
  rootfs::Device node{};
  cgroup::DeviceRule rule{};
};

Result<Device> parse_device(const std::string& text) {
  const auto parts = split(text, ':');
  const struct stat info = TRY(device_node(parts[0]).context("--device"));
  const char type = S_ISBLK(info.st_mode) ? 'b' : 'c';
  const std::string access = parts.size() > 2 ? parts[2] : "rwm";
  if (parts.size() > 3 || access.find_first_not_of("rwm") != access.npos) {
    return fail(Errc::InvalidArgument, "--device {}: write HOST[:CONTAINER[:rwm]]", text);
  }
  return Device{.node = {.path = parts.size() > 1 ? parts[1] : parts[0],
                         .type = type,
                         .major = ::major(info.st_rdev),
                         .minor = ::minor(info.st_rdev),
                         .mode = info.st_mode & 0777U,
                         .uid = info.st_uid,
                         .gid = info.st_gid},
                .rule = {.allow = true,
                         .type = type,
                         .major = static_cast<std::int64_t>(::major(info.st_rdev)),
                         .minor = static_cast<std::int64_t>(::minor(info.st_rdev)),
                         .access = access}};
}

Status add_devices(const RunOptions& options, Spec& spec) {
  spec.resources.devices = options.privileged ? std::vector<cgroup::DeviceRule>{{.allow = true}}
                                              : cgroup::standard_device_rules();
  for (const std::string& text : options.devices) {
    Device device = TRY(parse_device(text));
    spec.devices.push_back(std::move(device.node));
    spec.resources.devices.push_back(device.rule);
  }
  return ok();
}

// --- security -------------------------------------------------------------------------------

// ALL and names, as Docker has them: first what is dropped, then what is added.
Result<std::vector<std::string>> capabilities_of(const RunOptions& options) {
  std::vector<std::string> set =
      options.privileged ? container::all_capabilities() : container::default_capabilities();
  const auto name_of = [](const std::string& text) -> Result<std::string> {
    return container::capability_name(TRY(container::parse_capability(text)));
  };
  const auto is_all = [](const std::string& text) { return text == "ALL" || text == "all"; };
  for (const std::string& text : options.cap_drop) {
    if (is_all(text)) {
      set.clear();
      continue;
    }
    std::erase(set, TRY(name_of(text).context("--cap-drop")));
  }
  for (const std::string& text : options.cap_add) {
    if (is_all(text)) {
      set = container::all_capabilities();
      continue;
    }
    std::string name = TRY(name_of(text).context("--cap-add"));
    if (std::ranges::find(set, name) == set.end()) set.push_back(std::move(name));
  }
  return set;
}

Status add_security(const RunOptions& options, Spec& spec) {
  const std::vector<std::string> capabilities = TRY(capabilities_of(options));
  spec.process.capabilities.bounding = capabilities;
  // Root's; whoever else starts has them within reach of a set-user-ID program only.
  if (spec.process.user.uid == 0) {
    spec.process.capabilities.effective = capabilities;
    spec.process.capabilities.permitted = capabilities;
  }
  spec.process.no_new_privileges = !options.privileged;
  spec.seccomp = container::default_profile(capabilities);
  if (options.privileged) spec.seccomp.reset();
  for (const std::string& text : options.security) {
    if (text == "seccomp=unconfined") {
      spec.seccomp.reset();
    } else if (text.starts_with("seccomp=")) {
      const std::string file = text.substr(8);
      const std::string profile = TRY(sys::read_file(file));
      spec.seccomp = TRY(container::parse_profile(profile).context("{}", file));
    } else if (text == "no-new-privileges" || text == "no-new-privileges=true") {
      spec.process.no_new_privileges = true;
    } else if (text == "no-new-privileges=false") {
      spec.process.no_new_privileges = false;
    } else {
      return fail(Errc::InvalidArgument,
                  "--security-opt {}: there are seccomp=unconfined, seccomp=FILE and "
                  "no-new-privileges[=false]",
                  text);
    }
  }
  if (options.privileged) return ok();
  spec.masked_paths = {"/proc/acpi",       "/proc/asound",      "/proc/interrupts",
                       "/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
                       "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                       "/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap"};
  spec.read_only_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return ok();
}

Result<container::ResourceLimit> parse_ulimit(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == text.npos) {
    return fail(Errc::InvalidArgument, "--ulimit {}: write nofile=1024[:2048]", text);
  }
  container::ResourceLimit limit{.type = "RLIMIT_" + text.substr(0, equals)};
  std::ranges::transform(limit.type, limit.type.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const auto number = [&](const std::string& part) -> Result<std::uint64_t> {
    if (part == "-1" || part == "unlimited") return ~std::uint64_t{0};
    return parse_number<std::uint64_t>(part, "--ulimit");
  };
  const auto parts = split(text.substr(equals + 1), ':');
  limit.soft = TRY(number(parts.front()));
  limit.hard = TRY(number(parts.back()));
  return limit;
}

// --- the rest -------------------------------------------------------------------------------

std::vector<std::string> environment_of(const RunOptions& options) {
  std::vector<std::string> environment{
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  if (options.terminal) environment.emplace_back("TERM=xterm");
  for (const std::string& each : options.env) {
    if (each.find('=') != each.npos) {
      environment.push_back(each);
    } else if (const char* value = std::getenv(each.c_str())) {
      environment.push_back(each + "=" + value);
    }
  }
  return environment;
}

Result<std::int64_t> parse_seconds(const std::string& text, std::string_view flag) {
  if (text.empty()) return std::int64_t{0};
  const double seconds = TRY(parse_number<double>(text, flag));
  if (!(seconds > -9e9 && seconds < 9e9)) {
    return fail(Errc::InvalidArgument, "{} {}: too far away", flag, text);
  }
  return static_cast<std::int64_t>(seconds * 1e9);
}

Result<std::vector<container::IdMapping>> parse_mappings(const std::vector<std::string>& texts) {
  std::vector<container::IdMapping> mappings;
  for (const std::string& text : texts) {
    const auto parts = split(text, ':');
    if (parts.size() != 3) {
      return fail(Errc::InvalidArgument, "mapping {}: write CONTAINER:HOST:SIZE", text);
    }
    container::IdMapping& mapping = mappings.emplace_back();
    mapping.container = TRY(parse_number<std::uint32_t>(parts[0], text));
    mapping.host = TRY(parse_number<std::uint32_t>(parts[1], text));
    mapping.size = TRY(parse_number<std::uint32_t>(parts[2], text));
  }
  return mappings;
}

Status add_process(const RunOptions& options, const SpecPlace& place, Spec& spec) {
  spec.process.terminal = options.terminal;
  spec.process.user = place.user;
  spec.process.args = options.command;
  spec.process.env = environment_of(options);
  spec.process.cwd = options.workdir;
  spec.process.oom_score_adj = options.oom_score_adj;
  for (const std::string& each : options.ulimits) {
    spec.process.rlimits.push_back(TRY(parse_ulimit(each)));
  }
  return ok();
}

Status add_namespaces(const RunOptions& options, const SpecPlace& place, Spec& spec) {
  spec.namespaces = place.namespaces;
  spec.uid_mappings = TRY(parse_mappings(options.uid_maps).context("--uidmap"));
  spec.gid_mappings =
      TRY(parse_mappings(options.gid_maps.empty() ? options.uid_maps : options.gid_maps)
              .context("--gidmap"));
  if (!options.monotonic_offset.empty() || !options.boottime_offset.empty()) {
    container::TimeOffsets& offsets = spec.time_offsets.emplace();
    offsets.monotonic = TRY(parse_seconds(options.monotonic_offset, "--monotonic-offset"));
    offsets.boottime = TRY(parse_seconds(options.boottime_offset, "--boottime-offset"));
  }
  if (spec.has_new(Kind::Uts)) {
    spec.hostname = options.hostname.empty() ? place.id.substr(0, 12) : options.hostname;
    spec.domainname = options.domainname;
  } else if (!options.hostname.empty()) {
    return fail(Errc::InvalidArgument, "--hostname: the uts namespace is not the container's own");
  }
  return ok();
}

}  // namespace

Result<std::int64_t> parse_size(std::string_view text) {
  if (text == "-1") return std::int64_t{-1};
  std::string_view digits = text;
  if (digits.ends_with('b') || digits.ends_with('B')) digits.remove_suffix(1);
  int shift = 0;
  constexpr std::string_view kUnits = "kmgt";
  if (!digits.empty()) {
    const char last = static_cast<char>(digits.back() | 0x20);
    if (const auto unit = kUnits.find(last); unit != kUnits.npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      digits.remove_suffix(1);
    }
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < 0 ||
      number > (std::int64_t{1} << 62) >> shift) {
    return fail(Errc::InvalidArgument, "\"{}\" is no size: write 64m, 1g, 512k, or bytes", text);
  }
  return number << shift;
}

Result<int> parse_signal(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number > 0 && number <= 64) {
    return number;
  }
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int signal = 1; signal < 32; ++signal) {
    const char* abbreviation = ::sigabbrev_np(signal);
    if (abbreviation && name == abbreviation) return signal;
  }
  return fail(Errc::InvalidArgument, "\"{}\" is no signal: signal(7) lists them", text);
}

Result<cgroup::Resources> resources_of(const RunOptions& options) {
  cgroup::Resources resources;
  resources.memory = TRY(memory_of(options));
  resources.cpu = TRY(cpu_of(options));
  resources.pids = options.pids_limit;
  resources.block_io.weight = options.blkio_weight;
  resources.block_io.read_bps = TRY(throttles_of(options.read_bps));
  resources.block_io.write_bps = TRY(throttles_of(options.write_bps));
  resources.block_io.read_iops = TRY(throttles_of(options.read_iops));
  resources.block_io.write_iops = TRY(throttles_of(options.write_iops));
  return resources;
}

Result<Spec> spec_of(const RunOptions& options, const SpecPlace& place) {
  Spec spec;
  spec.root =
      options.layers.empty() ? TRY(absolute_path(options.rootfs)) : place.directory + "/rootfs";
  spec.root_read_only = options.read_only;
  spec.mounts = TRY(mounts_of(options, place));
  TRY(add_process(options, place, spec));
  TRY(add_namespaces(options, place, spec));
  spec.cgroup_path = container::group_path_of(place.id);
  spec.resources = TRY(resources_of(options));
  TRY(add_devices(options, spec));
  TRY(add_security(options, spec));
  for (const std::string& each : options.sysctls) {
    const auto equals = each.find('=');
    if (equals == each.npos) return fail(Errc::InvalidArgument, "--sysctl {}: write K=V", each);
    spec.sysctl[each.substr(0, equals)] = each.substr(equals + 1);
  }
  TRY(container::check_spec(spec));
  return spec;
}

}  // namespace netctl::command

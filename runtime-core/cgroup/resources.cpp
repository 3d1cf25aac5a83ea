#include "runtime-core/cgroup/resources.hpp"

#include <algorithm>
#include <cmath>

namespace netctl::cgroup {
namespace {

using Writes = std::vector<Write>;

std::string number_or_max(std::int64_t value) {
  return value < 0 ? std::string("max") : format("{}", value);
}

Result<int> version_for(const Layout& layout, std::string_view controller, std::string_view what) {
  // What version 1 calls blkio and version 2 io is one thing.
  const int version = layout.version_of(controller);
  if (version != 0) return version;
  return fail(Errc::NotSupported, "{} cannot be limited: this machine has no {} cgroup controller",
              what, controller);
}

Error only_v1(std::string_view what) {
  return fail(Errc::NotSupported, "{} does not exist with cgroups of version 2", what);
}

// --- memory ---------------------------------------------------------------------------------

Status check(const Memory& memory) {
  if (!memory.swap || *memory.swap <= 0) return ok();
  if (!memory.limit || *memory.limit < 0) {
    return fail(Errc::InvalidArgument, "a limit of memory and swap needs a limit of memory");
  }
  if (*memory.swap < *memory.limit) {
    return fail(Errc::InvalidArgument,
                "the limit of memory and swap ({}) is below that of memory ({})", *memory.swap,
                *memory.limit);
  }
  return ok();
}

void plan_memory_v1(const Memory& memory, Writes& writes) {
  if (memory.limit) {
    writes.push_back({"memory", "memory.limit_in_bytes", format("{}", *memory.limit)});
  }
  if (memory.swap && *memory.swap != 0) {
    // Without swap accounting there is no such file; no limit is what is there then.
    writes.push_back(
        {"memory", "memory.memsw.limit_in_bytes", format("{}", *memory.swap), *memory.swap < 0});
  }
  if (memory.reservation) {
    writes.push_back({"memory", "memory.soft_limit_in_bytes", format("{}", *memory.reservation)});
  }
  if (memory.swappiness) {
    writes.push_back({"memory", "memory.swappiness", format("{}", *memory.swappiness)});
  }
  if (memory.disable_oom_killer) {
    writes.push_back({"memory", "memory.oom_control", *memory.disable_oom_killer ? "1" : "0"});
  }
}

Status plan_memory_v2(const Memory& memory, Writes& writes) {
  if (memory.swappiness) return only_v1("memory swappiness");
  if (memory.limit) writes.push_back({"memory", "memory.max", number_or_max(*memory.limit)});
  if (memory.swap && *memory.swap != 0) {
    const std::int64_t swap = *memory.swap < 0 ? -1 : *memory.swap - memory.limit.value_or(0);
    writes.push_back({"memory", "memory.swap.max", number_or_max(swap), swap <= 0});
  } else if (memory.limit && *memory.limit < 0) {
    writes.push_back({"memory", "memory.swap.max", "max", true});
  }
  if (memory.reservation) {
    writes.push_back({"memory", "memory.low", number_or_max(*memory.reservation)});
  }
  return ok();
}

Status plan_memory(const Memory& memory, const Layout& layout, Writes& writes) {
  if (memory == Memory{}) return ok();
  TRY(check(memory));
  if (TRY(version_for(layout, "memory", "memory")) == 2) return plan_memory_v2(memory, writes);
  plan_memory_v1(memory, writes);
  return ok();
}

// --- cpu ------------------------------------------------------------------------------------

void plan_cpu_v1(const Cpu& cpu, Writes& writes) {
  if (cpu.shares && *cpu.shares != 0) {
    writes.push_back({"cpu", "cpu.shares", format("{}", *cpu.shares)});
  }
  if (cpu.period && *cpu.period != 0) {
    writes.push_back({"cpu", "cpu.cfs_period_us", format("{}", *cpu.period)});
  }
  if (cpu.quota && *cpu.quota != 0) {
    writes.push_back(
        {"cpu", "cpu.cfs_quota_us", format("{}", std::max<std::int64_t>(*cpu.quota, -1))});
  }
}

void plan_cpu_v2(const Cpu& cpu, Writes& writes) {
  if (cpu.shares && *cpu.shares != 0) {
    writes.push_back({"cpu", "cpu.weight", format("{}", weight_of_shares(*cpu.shares))});
  }
  if (!cpu.quota && !cpu.period) return;
  const std::uint64_t period = cpu.period.value_or(0) == 0 ? 100'000 : *cpu.period;
  // One number alone leaves the other as it is; a period alone has to say "no limit".
  std::string value = number_or_max(cpu.quota.value_or(0) <= 0 ? -1 : *cpu.quota);
  if (cpu.period) value += format(" {}", period);
  writes.push_back({"cpu", "cpu.max", value});
}

Status plan_cpu(const Cpu& cpu, const Layout& layout, Writes& writes) {
  if (cpu.shares || cpu.quota || cpu.period || cpu.idle) {
    const int version = TRY(version_for(layout, "cpu", "CPU time"));
    version == 2 ? plan_cpu_v2(cpu, writes) : plan_cpu_v1(cpu, writes);
    if (cpu.idle) writes.push_back({"cpu", "cpu.idle", format("{}", *cpu.idle)});
  }
  if (cpu.cpus.empty() && cpu.mems.empty()) return ok();
  TRY(version_for(layout, "cpuset", "the set of CPUs"));
  if (!cpu.cpus.empty()) writes.push_back({"cpuset", "cpuset.cpus", cpu.cpus});
  if (!cpu.mems.empty()) writes.push_back({"cpuset", "cpuset.mems", cpu.mems});
  return ok();
}

// --- block devices --------------------------------------------------------------------------

void plan_throttles(const std::vector<Throttle>& throttles, bool v2, std::string_view v1_name,
                    std::string_view v2_name, Writes& writes) {
  for (const Throttle& each : throttles) {
    if (v2) {
      writes.push_back({"io", "io.max",
                        format("{}:{} {}={}", each.major, each.minor, v2_name,
                               each.rate == 0 ? "max" : format("{}", each.rate))});
    } else {
      writes.push_back({"blkio", format("blkio.throttle.{}_device", v1_name),
                        format("{}:{} {}", each.major, each.minor, each.rate)});
    }
  }
}

Status plan_block_io(const BlockIo& io, const Layout& layout, Writes& writes) {
  if (io == BlockIo{}) return ok();
  const bool v2 = layout.version_of("io") == 2;
  if (!v2) TRY(version_for(layout, "blkio", "disk bandwidth"));
  if (io.weight && *io.weight != 0) {
    // Which file there is depends on the I/O scheduler; the ones of BFQ take the number as it is.
    if (v2) {
      writes.push_back({"io", "io.bfq.weight", format("{}", *io.weight), true});
      writes.push_back({"io", "io.weight", format("{}", io_weight_of(*io.weight)), true});
    } else {
      writes.push_back({"blkio", "blkio.bfq.weight", format("{}", *io.weight), true});
      writes.push_back({"blkio", "blkio.weight", format("{}", *io.weight), true});
    }
  }
  plan_throttles(io.read_bps, v2, "read_bps", "rbps", writes);
  plan_throttles(io.write_bps, v2, "write_bps", "wbps", writes);
  plan_throttles(io.read_iops, v2, "read_iops", "riops", writes);
  plan_throttles(io.write_iops, v2, "write_iops", "wiops", writes);
  return ok();
}

// --- the rest -------------------------------------------------------------------------------

Status plan_pids(std::optional<std::int64_t> limit, const Layout& layout, Writes& writes) {
  if (!limit) return ok();
  TRY(version_for(layout, "pids", "the number of processes"));
  writes.push_back({"pids", "pids.max", number_or_max(*limit)});
  return ok();
}

Status plan_huge_pages(const std::vector<HugePages>& pages, const Layout& layout, Writes& writes) {
  for (const HugePages& each : pages) {
    const bool v2 = TRY(version_for(layout, "hugetlb", "huge pages")) == 2;
    const std::string value = format("{}", each.limit);
    const std::string tail = v2 ? "max" : "limit_in_bytes";
    writes.push_back({"hugetlb", format("hugetlb.{}.{}", each.size, tail), value});
    writes.push_back({"hugetlb", format("hugetlb.{}.rsvd.{}", each.size, tail), value, true});
  }
  return ok();
}

std::string number_or_star(std::optional<std::int64_t> number) {
  return number && *number >= 0 ? format("{}", *number) : std::string("*");
}

void plan_devices(const std::vector<DeviceRule>& rules, const Layout& layout, Writes& writes) {
  if (layout.version_of("devices") != 1) return;
  for (const DeviceRule& rule : rules) {
    const std::string value = rule.type == 'a'
                                  ? std::string("a")
                                  : format("{} {}:{} {}", rule.type, number_or_star(rule.major),
                                           number_or_star(rule.minor), rule.access);
    writes.push_back({"devices", rule.allow ? "devices.allow" : "devices.deny", value});
  }
}

Status plan_unified(const std::map<std::string, std::string>& files, const Layout& layout,
                    Writes& writes) {
  for (const auto& [file, value] : files) {
    const auto dot = file.find('.');
    const std::string controller = file.substr(0, dot);
    if (dot == file.npos || file.find('/') != file.npos) {
      return fail(Errc::InvalidArgument, "\"{}\" is no file of a cgroup controller", file);
    }
    if (controller != "cgroup" && layout.version_of(controller) != 2) {
      return fail(Errc::NotSupported, "{}: there is no controller {} of version 2 here", file,
                  controller);
    }
    for (std::size_t begin = 0; begin < value.size();) {  // a line each write
      const std::size_t end = std::min(value.find('\n', begin), value.size());
      writes.push_back({controller, file, value.substr(begin, end - begin)});
      begin = end + 1;
    }
  }
  return ok();
}

}  // namespace

std::uint64_t weight_of_shares(std::uint64_t shares) {
  if (shares <= 2) return 1;
  if (shares >= 262'144) return 10'000;
  const double l = std::log2(static_cast<double>(shares));
  const double exponent = (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<std::uint64_t>(std::ceil(std::pow(10.0, exponent)));
}

std::uint64_t io_weight_of(std::uint64_t blkio_weight) {
  const std::uint64_t weight = std::clamp<std::uint64_t>(blkio_weight, 10, 1000);
  return 1 + (weight - 10) * 9999 / 990;
}

Result<Writes> plan(const Resources& resources, const Layout& layout) {
  Writes writes;
  TRY(plan_memory(resources.memory, layout, writes));
  TRY(plan_cpu(resources.cpu, layout, writes));
  TRY(plan_block_io(resources.block_io, layout, writes));
  TRY(plan_pids(resources.pids, layout, writes));
  TRY(plan_huge_pages(resources.huge_pages, layout, writes));
  plan_devices(resources.devices, layout, writes);
  TRY(plan_unified(resources.unified, layout, writes));
  return writes;
}

std::vector<DeviceRule> standard_device_rules() {
  std::vector<DeviceRule> rules{{.allow = false},
                                {.allow = true, .type = 'c', .access = "m"},
                                {.allow = true, .type = 'b', .access = "m"}};
  constexpr std::pair<int, int> kCharacter[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8},
                                                {1, 9}, {5, 0}, {5, 2}, {10, 200}};
  for (const auto& [major, minor] : kCharacter) {
    rules.push_back({.allow = true, .type = 'c', .major = major, .minor = minor});
  }
  rules.push_back({.allow = true, .type = 'c', .major = 136});  // terminals: /dev/pts
  return rules;
}

void merge(Resources& resources, const Resources& changed) {
  const auto take = [](auto& to, const auto& from) {
    if (from) to = from;
  };
  const auto take_list = [](auto& to, const auto& from) {
    if (!from.empty()) to = from;
  };
  take(resources.memory.limit, changed.memory.limit);
  take(resources.memory.swap, changed.memory.swap);
  take(resources.memory.reservation, changed.memory.reservation);
  take(resources.memory.swappiness, changed.memory.swappiness);
  take(resources.memory.disable_oom_killer, changed.memory.disable_oom_killer);
  take(resources.cpu.shares, changed.cpu.shares);
  take(resources.cpu.quota, changed.cpu.quota);
  take(resources.cpu.period, changed.cpu.period);
  take(resources.cpu.idle, changed.cpu.idle);
  take_list(resources.cpu.cpus, changed.cpu.cpus);
  take_list(resources.cpu.mems, changed.cpu.mems);
  take(resources.pids, changed.pids);
  take(resources.block_io.weight, changed.block_io.weight);
  take_list(resources.block_io.read_bps, changed.block_io.read_bps);
  take_list(resources.block_io.write_bps, changed.block_io.write_bps);
  take_list(resources.block_io.read_iops, changed.block_io.read_iops);
  take_list(resources.block_io.write_iops, changed.block_io.write_iops);
  take_list(resources.huge_pages, changed.huge_pages);
  for (const auto& [file, value] : changed.unified) resources.unified[file] = value;
}

}  // namespace netctl::cgroup

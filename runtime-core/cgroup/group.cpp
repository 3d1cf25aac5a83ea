#include "runtime-core/cgroup/group.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <utility>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cgroup/device_program.hpp"
#include "runtime-core/cgroup/members.hpp"
#include "runtime-core/cgroup/values.hpp"
#include "runtime-core/sys/child.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::cgroup {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(10);

// Version 1 tells "no limit" as the largest number of pages.
std::optional<std::uint64_t> without_infinity(std::optional<std::uint64_t> limit) {
  constexpr std::uint64_t kInfinity = std::uint64_t{1} << 62;
  return limit && *limit >= kInfinity ? std::nullopt : limit;
}

// A new cpuset of version 1 has no CPUs, and takes no process before it has.
Status inherit_cpuset(const std::string& directory) {
  const std::string parent = std::filesystem::path(directory).parent_path().string();
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const auto own = TRY(find_value(format("{}/{}", directory, file)));
    if (!own || !own->empty()) continue;
    const auto theirs = TRY(find_value(format("{}/{}", parent, file)));
    if (theirs && !theirs->empty()) {
      TRY(write_value(format("{}/{}", directory, file), *theirs));
    }
  }
  return ok();
}

// All that the parent may give on; one at a time where not all can be (one of them is busy in
// version 1, or the parent holds processes): limits that need a missing one fail by name later.
void hand_down(const std::string& parent) {
  const auto available = value_in(parent + "/cgroup.controllers");
  if (!available || available->empty()) return;
  std::string all;
  for (std::size_t begin = 0; begin < available->size();) {
    const std::size_t end = std::min(available->find(' ', begin), available->size());
    all += "+" + available->substr(begin, end - begin) + " ";
    begin = end + 1;
  }
  const std::string file = parent + "/cgroup.subtree_control";
  if (write_value(file, all)) return;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = all.find(' ', begin);
    if (const auto done = write_value(file, all.substr(begin, end - begin)); !done) {
      log::debug("{}", done.error().message);
    }
    begin = end + 1;
  }
}

Result<bool> is_empty_group(const std::string& directory) {
  return TRY(find_value(directory + "/cgroup.procs")).value_or("").empty();
}

Status create_directory(const Hierarchy& hierarchy, const std::string& path) {
  std::string directory = hierarchy.mount_point;
  for (std::size_t begin = 1; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (hierarchy.version == 2) hand_down(directory);
    directory += "/" + path.substr(begin, end - begin);
    const bool last = end == path.size();
    if (::mkdir(directory.c_str(), 0755) != 0) {
      if (errno != EEXIST) return system_error(errno, format("create cgroup {}", directory));
      if (last && !TRY(is_empty_group(directory))) {
        return fail(Errc::Exists, "container's cgroup is not empty: {}", directory);
      }
    }
    if (std::ranges::find(hierarchy.controllers, "cpuset") != hierarchy.controllers.end() &&
        hierarchy.version == 1) {
      TRY(inherit_cpuset(directory));
    }
    begin = end + 1;
  }
  return ok();
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// Returns when one of these processes has ended, or after `milliseconds`.
void wait_for_an_end(const std::vector<UniqueFd>& processes, int milliseconds) {
  std::vector<pollfd> waiting;
  for (const UniqueFd& each : processes) {
    waiting.push_back({.fd = each.get(), .events = POLLIN, .revents = 0});
  }
  ::poll(waiting.data(), waiting.size(), milliseconds);
}

// How long to wait before looking again where the kernel tells nobody. There are two such places,
// both explained where they are.
constexpr int kLookAgain = 1;

// cgroup.events of version 2 tells changes by inotify.
Status wait_for_event(const std::string& directory, std::string_view key, std::uint64_t wanted,
                      Clock::time_point deadline) {
  const std::string file = directory + "/cgroup.events";
  const UniqueFd watch(::inotify_init1(IN_CLOEXEC));
  if (!watch || ::inotify_add_watch(watch.get(), file.c_str(), IN_MODIFY) < 0) {
    return system_error(errno, format("watch {}", file));
  }
  while (number_behind(file, key) != wanted) {
    pollfd waiting{.fd = watch.get(), .events = POLLIN, .revents = 0};
    const int left = milliseconds_until(deadline);
    const int ready = ::poll(&waiting, 1, left);
    if (left == 0 || ready == 0) {
      return fail(Errc::TryAgain, "{} does not become {} {}", file, key, wanted);
    }
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return system_error(errno, format("wait for {}", file));
    char events[4096];
    if (::read(watch.get(), events, sizeof events) < 0 && errno != EINTR) {
      return system_error(errno, format("watch {}", file));
    }
    if (::access(file.c_str(), F_OK) != 0) return system_error(errno, format("watch {}", file));
  }
  return ok();
}

// Returns when a group may have become empty.
void wait_for_members(const std::string& directory, int version, Clock::time_point deadline) {
  if (version == 2 && number_behind(directory + "/cgroup.events", "populated") == 1U) {
    if (!wait_for_event(directory, "populated", 0, deadline)) log::debug("{} is full", directory);
    return;
  }
  const auto members = open_members({directory}).value_or({});
  // Without members it is refused for those that have ended: from Linux 6.19 on they count until
  // the scheduler is done with them, a moment after their descriptors told of their end, and
  // nothing tells of that.
  wait_for_an_end(members, members.empty() ? kLookAgain : milliseconds_until(deadline));
}

Status remove_directory(const std::string& directory, int version, Clock::time_point deadline) {
  for (;;) {
    if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) return ok();
    if (errno != EBUSY || Clock::now() > deadline) {
      return system_error(errno, format("remove cgroup {}", directory));
    }
    wait_for_members(directory, version, deadline);
  }
}

Status freeze_v1(const std::string& directory, bool frozen) {
  const std::string file = directory + "/freezer.state";
  const std::string wanted = frozen ? "FROZEN" : "THAWED";
  const auto deadline = Clock::now() + kPatience;
  for (int round = 0;; ++round) {
    TRY(write_value(file, wanted));
    if (value_in(file) == wanted) return ok();
    if (Clock::now() > deadline) {
      return fail(Errc::TryAgain, "{} does not become {}", file, wanted);
    }
    // A process that forks just now can keep the state at FREEZING for good: start over.
    if (frozen && round % 50 == 49) TRY(write_value(file, "THAWED"));
    // A member that ends tells of it. That one has come to a stand the kernel finds out when the
    // file is read, and never by itself: version 1 has no event for it.
    wait_for_an_end(open_members({directory}).value_or({}), kLookAgain);
  }
}

Status freeze_v2(const std::string& directory, bool frozen) {
  TRY(write_value(directory + "/cgroup.freeze", frozen ? "1" : "0"));
  return wait_for_event(directory, "frozen", frozen ? 1 : 0, Clock::now() + kPatience);
}

}  // namespace

std::string Group::directory_in(const Hierarchy& hierarchy) const {
  return hierarchy.mount_point + path_;
}

std::string Group::directory_of(std::string_view controller) const {
  const Hierarchy* hierarchy = layout_.find(controller);
  return hierarchy ? directory_in(*hierarchy) : std::string();
}

Status Group::create() {
  for (const Hierarchy& each : layout_.hierarchies) TRY(create_directory(each, path_));
  return ok();
}

bool Group::exists() const {
  return std::ranges::any_of(layout_.hierarchies,
                             [&](const Hierarchy& each) { return !is_gone(directory_in(each)); });
}

std::optional<UniqueFd> Group::open_unified() const {
  const Hierarchy* unified = layout_.unified();
  if (!unified) return {};
  UniqueFd fd(::open(directory_in(*unified).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return {};
  return fd;
}

Result<Entrance> Group::open_entrance() const {
  Entrance entrance;
  for (const Hierarchy& each : layout_.hierarchies) {
    // Of version 1 the file that takes one thread: cgroup.procs is for all threads of a process,
    // for which others have to be stopped.
    std::string path = directory_in(each) + (each.version == 1 ? "/tasks" : "/cgroup.procs");
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return system_error(errno, format("open {}", path));
    entrance.doors_.push_back(
        {.path = std::move(path), .version = each.version, .file = std::move(file)});
  }
  return entrance;
}

Status Entrance::enter(bool born_in_unified) {
  constexpr char kSelf = '0';
  for (const Door& door : std::exchange(doors_, {})) {
    if (door.version == 2 && born_in_unified) continue;
    if (::write(door.file.get(), &kSelf, sizeof kSelf) < 0) {
      return system_error(errno, format("enter the cgroup by {}", door.path));
    }
  }
  return ok();
}

Status Group::write(const Write& write) const {
  const Hierarchy* hierarchy =
      write.controller == "cgroup" ? layout_.unified() : layout_.find(write.controller);
  if (!hierarchy) return fail(Errc::NotSupported, "no cgroup controller {}", write.controller);
  const std::string file = format("{}/{}", directory_in(*hierarchy), write.file);
  if (write.may_be_missing && !TRY(sys::exists(file))) return ok();
  return write_value(file, write.value);
}

Status Group::apply(const Resources& resources) const {
  std::vector<Write> refused;
  for (const Write& each : TRY(plan(resources, layout_))) {
    const Status done = write(each);
    if (done) continue;
    // Version 1 checks each number against the other: a memory limit above that of memory and swap,
    // a quota above its period. What was refused is tried again when the others are in place.
    const bool pairs = each.file.starts_with("memory.") || each.file.starts_with("cpu.cfs_");
    if (!pairs || layout_.version_of(each.controller) != 1) return done.error();
    refused.push_back(each);
  }
  for (const Write& each : refused) {
    auto done = write(each);
    if (!done && each.file == "memory.limit_in_bytes" && done.error().code == Errc::TryAgain) {
      return std::move(done).context("the container uses {} bytes now",
                                     statistics().memory.value_or(0));
    }
    TRY(std::move(done));
  }
  if (resources.devices.empty() || layout_.version_of("devices") == 1) return ok();
  const auto unified = open_unified();
  if (!unified) return fail(Errc::NotSupported, "devices cannot be limited on this machine");
  return attach_device_program(unified->get(), resources.devices);
}

Statistics Group::statistics() const {
  Statistics found;
  if (layout_.version_of("memory") == 2) {
    const std::string memory = directory_of("memory");
    found.memory = number_in(memory + "/memory.current");
    found.memory_limit = number_in(memory + "/memory.max");
    found.oom_kills = number_behind(memory + "/memory.events", "oom_kill");
  } else if (const std::string memory = directory_of("memory"); !memory.empty()) {
    found.memory = number_in(memory + "/memory.usage_in_bytes");
    found.memory_limit = without_infinity(number_in(memory + "/memory.limit_in_bytes"));
    found.oom_kills = number_behind(memory + "/memory.oom_control", "oom_kill");
  }
  if (const std::string cpuacct = directory_of("cpuacct"); !cpuacct.empty()) {
    found.cpu_ns = number_in(cpuacct + "/cpuacct.usage");
  } else if (const Hierarchy* unified = layout_.unified()) {
    // Version 2 counts CPU time in every group, with or without the controller.
    const auto usage = number_behind(directory_in(*unified) + "/cpu.stat", "usage_usec");
    if (usage) found.cpu_ns = *usage * 1000;
  }
  if (const std::string cpu = directory_of("cpu"); !cpu.empty()) {
    found.throttled_periods = number_behind(cpu + "/cpu.stat", "nr_throttled");
  }
  if (const std::string pids = directory_of("pids"); !pids.empty()) {
    found.pids = number_in(pids + "/pids.current");
    found.pids_limit = number_in(pids + "/pids.max");
  }
  if (const std::string io = directory_of("io"); !io.empty()) {
    found.read_bytes = sum_of(io + "/io.stat", "rbytes=");
    found.written_bytes = sum_of(io + "/io.stat", "wbytes=");
  } else if (const std::string blkio = directory_of("blkio"); !blkio.empty()) {
    found.read_bytes = sum_of(blkio + "/blkio.throttle.io_service_bytes_recursive", " Read ");
    found.written_bytes = sum_of(blkio + "/blkio.throttle.io_service_bytes_recursive", " Write ");
  }
  return found;
}

Result<std::vector<pid_t>> Group::members() const {
  std::vector<pid_t> members;
  for (const Hierarchy& each : layout_.hierarchies) {
    if (is_gone(directory_in(each))) continue;
    std::vector<std::string> groups;
    TRY(list_groups(directory_in(each), groups));
    for (const std::string& group : groups) TRY(add_members(group, members));
  }
  std::ranges::sort(members);
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

Status Group::set_frozen(bool frozen) const {
  const bool is_v1 = layout_.version_of("freezer") == 1;
  if (!is_v1 && !layout_.unified()) {
    return fail(Errc::NotSupported, "this machine has no cgroup freezer");
  }
  const std::string directory = is_v1 ? directory_of("freezer") : directory_in(*layout_.unified());
  Status done = is_v1 ? freeze_v1(directory, frozen) : freeze_v2(directory, frozen);
  // Who thaws may die of a signal that waited for it, and its group be removed by who waits for its
  // end, before we have looked: nobody is frozen in a group that is gone.
  if (!done && !frozen && is_gone(directory)) return ok();
  return done;
}

Result<bool> Group::is_frozen() const {
  if (layout_.version_of("freezer") == 1) {
    const auto state = TRY(find_value(directory_of("freezer") + "/freezer.state"));
    return state.value_or("THAWED") != "THAWED";
  }
  const Hierarchy* unified = layout_.unified();
  if (!unified) return false;
  return TRY(find_value(directory_in(*unified) + "/cgroup.freeze")).value_or("0") == "1";
}

Status Group::kill() const {
  if (const Hierarchy* unified = layout_.unified()) {
    if (write_value(directory_in(*unified) + "/cgroup.kill", "1")) {
      // A frozen process of version 1 dies when it thaws; one of version 2 at once.
      return TRY(is_frozen()) ? set_frozen(false) : ok();
    }
  }
  return kill_one_by_one();
}

Status Group::kill_one_by_one() const {
  std::vector<std::string> groups;
  for (const Hierarchy& each : layout_.hierarchies) {
    for (std::string& group : groups_in(directory_in(each))) groups.push_back(std::move(group));
  }
  const auto deadline = Clock::now() + kPatience;
  // Round after round: a member may fork between the look and the signal. Each round kills all
  // that were there, so only as many are left as were born meanwhile.
  for (;;) {
    const std::vector<UniqueFd> members = TRY(open_members(groups));
    if (members.empty()) return ok();
    for (const UniqueFd& each : members) {
      if (const auto sent = sys::send_signal(each.get(), SIGKILL); !sent) {
        log::debug("{}", sent.error().message);  // it ended meanwhile
      }
    }
    if (TRY(is_frozen())) TRY(set_frozen(false));  // they die when they thaw
    if (Clock::now() > deadline) {
      return fail(Errc::TryAgain, "members of the cgroup {} do not die of SIGKILL", path_);
    }
    wait_for_an_end(members, milliseconds_until(deadline));
  }
}

Status Group::remove() const {
  const auto deadline = Clock::now() + kPatience;
  ErrorList errors;
  for (const Hierarchy& each : layout_.hierarchies) {
    for (const std::string& group : groups_in(directory_in(each))) {
      errors.keep(remove_directory(group, each.version, deadline));
    }
  }
  return errors.status();
}

}  // namespace netctl::cgroup

#include "runtime-core/ns/pins.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/child.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::ns {
namespace {

// A mount of its own, private: made once.
Status ensure_private(const std::string& directory) {
  TRY(sys::ensure_directory(directory, 0755));
  const auto lock = TRY(sys::FileLock::of_directory(directory));
  const char* path = directory.c_str();
  if (::mount("", path, "none", MS_PRIVATE, nullptr) == 0) return ok();
  if (errno != EINVAL) return system_error(errno, format("make {} private", directory));
  if (::mount(path, path, "none", MS_BIND, nullptr) != 0 ||
      ::mount("", path, "none", MS_PRIVATE, nullptr) != 0) {
    return system_error(errno, format("make {} a private mount", directory));
  }
  return ok();
}

// A process that does nothing but be in them; it ends with this object.
class Holder {
 public:
  static Result<Holder> make(const std::vector<Kind>& kinds);
  Holder(Holder&&) noexcept = default;
  Holder& operator=(Holder&&) = delete;
  ~Holder() {
    if (!child_.pidfd) return;  // moved from
    if (sys::send_signal(child_.pidfd.get(), SIGKILL)) {
      [[maybe_unused]] const auto ended = sys::wait_for_end(child_.pidfd.get());
    }
  }
  const sys::Child& child() const { return child_; }

 private:
  explicit Holder(sys::Child child) : child_(std::move(child)) {}
  sys::Child child_;
};

// Those that are made by the process when it is there: clone3(2) would settle the offsets of a new
// time namespace, and end a new pid namespace with the process.
constexpr Kind kAfterBirth[] = {Kind::Pid, Kind::Time};

bool is_after_birth(Kind kind) {
  return std::ranges::find(kAfterBirth, kind) != std::end(kAfterBirth);
}

bool has(const std::vector<Kind>& kinds, Kind kind) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

// In the new process. What is mounted in there stays there.
Status settle(const std::vector<Kind>& kinds) {
  for (const Kind kind : kinds) {
    if (is_after_birth(kind) && ::unshare(static_cast<int>(clone_flag(kind))) != 0) {
      return system_error(errno, format("create a {} namespace", oci_name(kind)));
    }
  }
  if (has(kinds, Kind::Mount) && ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return system_error(errno, "cut the mounts off from the host's");
  }
  return ok();
}

// Tells an empty text when all is there, or why not.
[[noreturn]] void hold(int line, const std::vector<Kind>& kinds) noexcept {
  const Status settled = settle(kinds);
  const std::string answer = settled ? "" : settled.error().message;
  char byte = 0;
  if (::send(line, answer.c_str(), answer.size() + 1, 0) > 0) {
    while (::read(line, &byte, 1) < 0) {
    }
  }
  ::_exit(0);
}

Result<Holder> Holder::make(const std::vector<Kind>& kinds) {
  std::uint64_t flags = 0;
  for (const Kind kind : kinds) flags |= is_after_birth(kind) ? 0 : clone_flag(kind);
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return system_error(errno, "create a socket pair");
  }
  const UniqueFd ours(sockets[0]);
  UniqueFd theirs(sockets[1]);
  sys::Child child = TRY(sys::clone_child(flags));
  if (child.pid == 0) hold(theirs.get(), kinds);
  theirs.reset();
  Holder holder(std::move(child));
  char answer[512]{};
  if (::recv(ours.get(), answer, sizeof answer - 1, 0) <= 0) {
    return fail(Errc::Unknown, "the process that was to hold the namespaces has ended");
  }
  if (answer[0] != '\0') return fail(Errc::PermissionDenied, "{}", std::string_view(answer));
  return holder;
}

// The CPUs that this thread may run on, which are as they were when this goes.
class Cpus {
 public:
  Cpus() { ::sched_getaffinity(0, sizeof home_, &home_); }
  Cpus(const Cpus&) = delete;
  Cpus& operator=(const Cpus&) = delete;
  ~Cpus() { ::sched_setaffinity(0, sizeof home_, &home_); }
  // False when it is none of them.
  bool run_on(std::size_t cpu) const {
    if (!CPU_ISSET(cpu, &home_)) return false;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return ::sched_setaffinity(0, sizeof one, &one) == 0;
  }

 private:
  cpu_set_t home_{};
};

Status map_all_ids(pid_t pid) {
  for (const char* file : {"gid_map", "uid_map"}) {
    const std::string path = format("/proc/{}/{}", pid, file);
    const UniqueFd map(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    constexpr std::string_view kAll = "0 0 4294967295\n";
    if (!map || ::write(map.get(), kAll.data(), kAll.size()) < 0) {
      return system_error(errno, format("write {}", path));
    }
  }
  return ok();
}

// Of the namespace that the holder's children are born in. Its file in /proc does not open before
// one was (pid_namespaces(7)); the holder's descriptor tells it at all times.
Result<UniqueFd> open_empty_pid_namespace(const sys::Child& holder) {
  constexpr unsigned long kPidForChildren = _IO(0xFF, 6);  // PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE
  UniqueFd opened(::ioctl(holder.pidfd.get(), kPidForChildren, 0));
  if (opened) return opened;
  return fail(Errc::NotSupported,
              "a pid namespace that has no process yet is kept by Linux 6.11 and newer: run a "
              "container instead, and join it with --pid container:ID");
}

}  // namespace

std::string Pins::file_of(const std::string& name, Kind kind) const {
  return format("{}/{}/{}", directory, name, file_name(kind));
}

Status Pins::bind(const sys::Child& owner, const std::string& name, Kind kind) const {
  std::string source = path_of_process(kind, owner.pid);
  if (kind == Kind::Time) source += "_for_children";
  UniqueFd empty;
  if (kind == Kind::Pid) {
    empty = TRY(open_empty_pid_namespace(owner));
    source = format("/proc/self/fd/{}", empty.get());
  }
  if (kind == Kind::Network) return pin(name, source);
  const std::string place = file_of(name, kind);
  const UniqueFd file(::open(place.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file) return system_error(errno, format("create {}", place));
  if (::mount(source.c_str(), place.c_str(), "none", MS_BIND, nullptr) == 0) return ok();
  const int why = errno;
  ::unlink(place.c_str());
  return system_error(why, format("pin the {} namespace to {}", oci_name(kind), place));
}

Status Pins::create(const std::string& name, const std::vector<Kind>& kinds) const {
  if (kinds.empty()) return fail(Errc::InvalidArgument, "name the kinds of namespaces");
  if (kinds.size() == 1 && kinds.front() == Kind::Network) return create_pinned(name);
  TRY(check_pin_name(name));
  TRY(ensure_private(directory));
  const std::string place = format("{}/{}", directory, name);
  if (::mkdir(place.c_str(), 0755) != 0) {
    if (errno != EEXIST) return system_error(errno, format("create {}", place));
    return fail(Errc::Exists, "namespace \"{}\" exists: choose another name, or netctl ns rm {}",
                name, name);
  }
  Rollback undo;
  bool has_netns = false;
  undo.add("unpin " + name, [&]() -> Status {
    TRY(unpin(name));
    return has_netns ? remove_pinned(name) : ok();
  });
  std::optional<Holder> holder;
  const auto make_holder = [&]() -> Status {
    Holder made = TRY(Holder::make(kinds));
    holder.emplace(std::move(made));
    return ok();
  };
  TRY(make_holder());
  if (has(kinds, Kind::Mount)) {
    // A mount namespace is pinned in an older one only. Linux 6.18 tells their age by numbers that
    // each CPU gives out from a stock of its own, so that a new one can seem old: then another is
    // made on each CPU in turn, for on the one that ours was made on it has the higher number.
    const Cpus cpus;
    Status pinned = bind(holder->child(), name, Kind::Mount);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE && !pinned; ++cpu) {
      if (pinned.error().code != Errc::InvalidArgument || !cpus.run_on(cpu)) continue;
      TRY(make_holder());
      pinned = bind(holder->child(), name, Kind::Mount);
    }
    TRY(std::move(pinned));
  }
  if (has(kinds, Kind::User)) TRY(map_all_ids(holder->child().pid));
  for (const Kind kind : kinds) {
    if (kind != Kind::Mount) TRY(bind(holder->child(), name, kind));
    if (kind != Kind::Network) continue;
    has_netns = true;
    const UniqueFd netns = TRY(open_netns(format("{}/{}", pin_directory(), name)));
    TRY(run_in(netns.get(), bring_loopback_up));
  }
  undo.commit();
  return ok();
}

Status Pins::unpin(const std::string& name) const {
  const std::string place = format("{}/{}", directory, name);
  ErrorList errors;
  for (const std::string& file : TRY(sys::list_directory(place))) {
    const std::string path = format("{}/{}", place, file);
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL) {
      errors.add(system_error(errno, format("unpin {}", path)));
      continue;
    }
    errors.keep(sys::delete_file(path));
  }
  TRY(errors.status());
  if (::rmdir(place.c_str()) != 0 && errno != ENOENT) {
    return system_error(errno, format("remove {}", place));
  }
  return ok();
}

Status Pins::remove(const std::string& name) const {
  TRY(check_pin_name(name));
  const bool here = TRY(sys::exists(format("{}/{}", directory, name)));
  ErrorList errors;
  if (here) errors.keep(unpin(name));
  const Status netns = remove_pinned(name);
  if (!netns && (netns.error().code != Errc::NotFound || !here)) errors.add(netns.error());
  return errors.status();
}

Result<std::vector<Kind>> Pins::kinds_of(const std::string& name) const {
  std::vector<Kind> kinds;
  for (const std::string& file : TRY(sys::list_directory(format("{}/{}", directory, name)))) {
    if (const auto kind = parse_kind(file)) kinds.push_back(*kind);
  }
  const auto netns = find_netns(format("{}/{}", pin_directory(), name));
  // A file that is no namespace is none of it.
  if (!netns && netns.error().code != Errc::InvalidArgument) return netns.error();
  if (netns && *netns) kinds.push_back(Kind::Network);
  return kinds;
}

Result<std::vector<Opened>> Pins::open(const std::string& name) const {
  TRY(check_pin_name(name));
  std::vector<Opened> opened;
  for (const Kind kind : TRY(kinds_of(name))) {
    const std::string path =
        kind == Kind::Network ? format("{}/{}", pin_directory(), name) : file_of(name, kind);
    UniqueFd fd = TRY(open_kind(kind, path));
    opened.push_back({.kind = kind, .fd = std::move(fd)});
  }
  if (!opened.empty()) return opened;
  return fail(Errc::NotFound, "no namespace \"{}\": netctl ns ls shows them", name);
}

Result<std::vector<std::string>> Pins::names() const {
  std::vector<std::string> names = TRY(list_pinned());
  for (const std::string& name : TRY(sys::list_directory(directory))) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace netctl::ns

#include "runtime-core/ns/netns.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/ns/pins.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/own_netns.hpp"

namespace netctl::ns {
namespace {

constexpr const char* kOwnNetns = "/proc/thread-self/ns/net";

Status check_is_namespace(int fd, const std::string& path) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return system_error(errno, format("statfs \"{}\"", path));
  const auto magic = static_cast<unsigned long>(info.f_type);
  // Before Linux 3.19 namespace files were on procfs.
  if (magic != NSFS_MAGIC && magic != PROC_SUPER_MAGIC) {
    return fail(Errc::InvalidArgument, "unknown FS magic on \"{}\": {:x}", path, magic);
  }
  return ok();
}

// The directory is made a shared mount of its own, as ip-netns(8) does, so that a name pinned in
// one mount namespace shows in the others, and unpinning in one frees it in all. Under a lock,
// which is ip-netns(8)'s too: two creators at once would both bind, and each mount then doubles the
// next.
Status ensure_pin_directory(const std::string& directory) {
  TRY(sys::ensure_directory(directory, 0755));
  const auto lock = TRY(sys::FileLock::of_directory(directory));
  if (::mount("", directory.c_str(), "none", MS_SHARED | MS_REC, nullptr) == 0) return ok();
  if (errno != EINVAL) return system_error(errno, format("share {}", directory));
  if (::mount(directory.c_str(), directory.c_str(), "none", MS_BIND | MS_REC, nullptr) != 0) {
    return system_error(errno, format("bind {} to itself", directory));
  }
  if (::mount("", directory.c_str(), "none", MS_SHARED | MS_REC, nullptr) != 0) {
    return system_error(errno, format("share {}", directory));
  }
  return ok();
}

// In the new namespace: everything that is done there before it is visible to others.
Status pin_new_namespace(const std::string& path) {
  TRY(bring_loopback_up());
  if (::mount(kOwnNetns, path.c_str(), "none", MS_BIND, nullptr) != 0) {
    return system_error(errno, format("pin the namespace to {}", path));
  }
  return ok();
}

// Makes the file of that name, and has `bind` mount a namespace on it.
template <class Bind>
Status pin_at(const std::string& name, Bind&& bind) {
  TRY(check_pin_name(name));
  const std::string directory = pin_directory();
  TRY(ensure_pin_directory(directory));
  const std::string path = format("{}/{}", directory, name);
  const UniqueFd place(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!place && errno == EEXIST) {
    return fail(Errc::Exists, "namespace \"{}\" exists: choose another name, or netctl ns rm {}",
                name, name);
  }
  if (!place) return system_error(errno, format("create {}", path));

  Rollback undo;
  undo.add("delete " + path, [&] { return sys::delete_file(path); });
  TRY(bind(path));
  undo.commit();
  return ok();
}

}  // namespace

Result<UniqueFd> open_netns(const std::string& path) {
  UniqueFd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns) return system_error(errno, format("failed to open netns \"{}\"", path));
  TRY(check_is_namespace(netns.get(), path));
  return netns;
}

Result<std::optional<UniqueFd>> find_netns(const std::string& path) {
  if (path.empty()) return std::optional<UniqueFd>();
  auto netns = open_netns(path);
  if (netns) return std::optional(std::move(netns).value());
  if (netns.error().code == Errc::NotFound) return std::optional<UniqueFd>();
  struct stat place {};
  const bool is_bare = ::stat(path.c_str(), &place) == 0 && S_ISREG(place.st_mode) &&
                       place.st_size == 0 && netns.error().code == Errc::InvalidArgument;
  if (is_bare) return std::optional<UniqueFd>();
  return std::move(netns).error();
}

Result<std::uint64_t> own_netns_cookie(std::optional<int> socket) {
  const UniqueFd any(socket ? -1 : ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket && !any) return system_error(errno, "open a socket");
  const int asked = socket.value_or(any.get());
  std::uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  if (::getsockopt(asked, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) == 0) return cookie;
  // By another number nothing would be found again that was kept under this one.
  if (errno != ENOPROTOOPT) return system_error(errno, "ask for the network namespace's cookie");
  struct stat own {};
  if (::stat(kOwnNetns, &own) != 0) return system_error(errno, format("stat {}", kOwnNetns));
  return own.st_ino;
}

Result<bool> is_same_netns(int one, int other) {
  struct stat first {};
  struct stat second {};
  if (::fstat(one, &first) != 0 || ::fstat(other, &second) != 0) {
    return system_error(errno, "stat the network namespace");
  }
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

Result<Inside> Inside::enter(int netns, std::optional<int> socket) {
  UniqueFd home = TRY(sys::open_own_netns(socket));
  if (::setns(netns, CLONE_NEWNET) != 0) return system_error(errno, "enter the network namespace");
  return Inside(std::move(home));
}

Result<Inside> Inside::enter_new() {
  UniqueFd home = TRY(sys::open_own_netns());
  if (::unshare(CLONE_NEWNET) != 0) return system_error(errno, "create a network namespace");
  return Inside(std::move(home));
}

Inside::~Inside() {
  if (!home_) return;
  // It takes a little memory, and all that was made in there depends on it.
  constexpr int kAttempts = 5;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (::setns(home_.get(), CLONE_NEWNET) == 0) return;
  }
  log::warn("return to the own network namespace: {}", std::strerror(errno));
  std::abort();
}

Status check_pin_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos ||
      name.size() > 255 || name.find('\0') != std::string_view::npos) {
    return fail(Errc::InvalidArgument,
                "\"{}\" cannot be the name of a namespace: it must be a file name", name);
  }
  return ok();
}

Status bring_loopback_up() {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error(errno, "open a socket");
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return system_error(errno, "bring lo up");
  return ok();
}

std::string pin_directory() {
  const char* moved = std::getenv("NETCTL_NETNS_DIR");
  return moved && *moved ? moved : "/run/netns";
}

Status create_pinned(const std::string& name) {
  return pin_at(name, [](const std::string& place) -> Status {
    const Inside comes_back = TRY(Inside::enter_new());
    return pin_new_namespace(place);
  });
}

Status pin(const std::string& name, const std::string& path) {
  TRY(open_netns(path));
  return pin_at(name, [&](const std::string& place) -> Status {
    if (::mount(path.c_str(), place.c_str(), "none", MS_BIND, nullptr) == 0) return ok();
    return system_error(errno, format("pin the namespace to {}", place));
  });
}

Status remove_pinned(const std::string& name) {
  TRY(check_pin_name(name));
  const std::string path = format("{}/{}", pin_directory(), name);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) {
    return fail(Errc::NotFound, "no namespace \"{}\" in {}: netctl ns ls shows them", name,
                pin_directory());
  }
  if (!file) return system_error(errno, format("open {}", path));
  struct statfs info {};
  if (::fstatfs(file.get(), &info) != 0) return system_error(errno, format("statfs {}", path));
  const bool pinned = static_cast<unsigned long>(info.f_type) == NSFS_MAGIC;
  // A plain empty file is what a creator leaves that was killed before it pinned.
  struct stat content {};
  if (!pinned &&
      (::fstat(file.get(), &content) != 0 || !S_ISREG(content.st_mode) || content.st_size != 0)) {
    return fail(Errc::InvalidArgument, "{} is not a namespace: left alone", path);
  }
  if (pinned && ::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) {
    return system_error(errno, format("unpin {}", path));
  }
  return sys::delete_file(path);
}

Result<std::vector<std::string>> list_pinned() {
  auto names = TRY(sys::list_directory(pin_directory()));
  std::erase_if(names, [](const std::string& name) {
    return !open_netns(format("{}/{}", pin_directory(), name));
  });
  return names;
}

Result<std::string> path_of(std::string_view text) {
  if (text.starts_with("pid:")) {
    const std::string_view digits = text.substr(4);
    int pid = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
    if (error != std::errc{} || end != digits.data() + digits.size() || pid < 1) {
      return fail(Errc::InvalidArgument, "\"{}\" is not a process: write pid:NUMBER", text);
    }
    return format("/proc/{}/ns/net", pid);
  }
  if (text.find('/') == std::string_view::npos) {
    TRY(check_pin_name(text));
    return format("{}/{}", pin_directory(), text);
  }
  std::error_code error;
  const auto absolute = std::filesystem::absolute(text, error);
  if (error) return system_error(error.value(), format("make \"{}\" absolute", text));
  std::string path = absolute.lexically_normal().string();
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string name_of_path(const std::string& path) {
  const std::string pins = pin_directory() + "/";
  return path.starts_with(pins) ? path.substr(pins.size()) : path;
}

Result<std::string> existing_path_of(std::string_view text) {
  std::string path = TRY(path_of(text));
  const auto netns = open_netns(path);
  if (netns) return path;
  if (netns.error().code != Errc::NotFound) return netns.error();
  if (text.starts_with("pid:")) {
    return fail(Errc::NotFound, "there is no process {}", text.substr(4));
  }
  const std::filesystem::path pin(path);
  if (pin.parent_path() != pin_directory()) {
    return fail(Errc::NotFound,
                "no namespace \"{}\": {} does not exist; netctl ns ls shows those "
                "that have a name",
                text, path);
  }
  return fail(Errc::NotFound, "no namespace \"{}\" ({} does not exist): netctl ns add {} makes one",
              text, path, pin.filename().string());
}

}  // namespace netctl::ns

#include "runtime-core/sys/mount_api.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::sys {
namespace {

// <linux/mount.h>; glibc 2.36 has the same names as macros, older ones none at all.
constexpr unsigned kOpenTreeClone = 1;
constexpr unsigned kRecursive = 0x8000;  // AT_RECURSIVE
constexpr unsigned kFsOpenCloexec = 1;
constexpr unsigned kFsMountCloexec = 1;
constexpr unsigned kSetFlag = 0;
constexpr unsigned kSetString = 1;
constexpr unsigned kCreate = 6;
constexpr unsigned kFromEmptyPath = 0x4;
constexpr unsigned kToEmptyPath = 0x40;

struct Attributes {
  std::uint64_t set;
  std::uint64_t clear;
  std::uint64_t propagation;
  std::uint64_t user_ns;
};

// The kernel answers EAGAIN when a rename anywhere raced with the walk; see openat2(2).
constexpr int kTries = 128;

int as_fd(long result) { return static_cast<int>(result); }

// A file system's context can be read: lines of "e reason", "w warning", "i information".
std::string reason_in(int context) {
  std::string reason;
  char line[512];
  for (ssize_t got = 0; (got = ::read(context, line, sizeof line)) > 0;) {
    std::string_view text(line, static_cast<std::size_t>(got));
    while (text.ends_with('\n')) text.remove_suffix(1);
    if (text.starts_with("e ")) reason = text.substr(2);
  }
  return reason;
}

Error context_error(int context, int number, std::string_view step) {
  Error error = system_error(number, step);
  const std::string reason = reason_in(context);
  if (!reason.empty()) error.message += " (" + reason + ")";
  return error;
}

Status configure(int context, unsigned command, const char* key, const char* value) {
  if (::syscall(SYS_fsconfig, context, command, key, value, 0) == 0) return ok();
  const std::string what = key ? format("option {}{}{}", key, value ? "=" : "", value ? value : "")
                               : std::string("create the file system");
  return context_error(context, errno, what);
}

Status configure_option(int context, const std::string& option) {
  const auto equals = option.find('=');
  if (equals == option.npos) return configure(context, kSetFlag, option.c_str(), nullptr);
  return configure(context, kSetString, option.substr(0, equals).c_str(),
                   option.c_str() + equals + 1);
}

}  // namespace

Result<UniqueFd> open_in_root(int root, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  for (int i = 0; i < kTries; ++i) {
    UniqueFd opened(as_fd(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
    if (opened) return opened;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return system_error(errno, format("open {} in the container", path));
}

Result<UniqueFd> copy_mount(int at, const std::string& path, bool recursive) {
  const unsigned flags = kOpenTreeClone | O_CLOEXEC | (recursive ? kRecursive : 0) |
                         (path.empty() ? unsigned{AT_EMPTY_PATH} : 0U);
  UniqueFd copy(as_fd(::syscall(SYS_open_tree, at, path.c_str(), flags)));
  if (!copy) return system_error(errno, format("open the mount {}", path));
  return copy;
}

Result<UniqueFd> new_filesystem(const NewFilesystem& wanted) {
  const UniqueFd context(as_fd(::syscall(SYS_fsopen, wanted.type.c_str(), kFsOpenCloexec)));
  if (!context) return system_error(errno, format("file system {}", wanted.type));
  const std::string& source = wanted.source.empty() ? wanted.type : wanted.source;
  TRY(configure(context.get(), kSetString, "source", source.c_str()).context("{}", wanted.type));
  for (const std::string& option : wanted.options) {
    TRY(configure_option(context.get(), option).context("{}", wanted.type));
  }
  TRY(configure(context.get(), kCreate, nullptr, nullptr).context("{}", wanted.type));
  UniqueFd mount(as_fd(::syscall(SYS_fsmount, context.get(), kFsMountCloexec, wanted.attributes)));
  if (!mount) return context_error(context.get(), errno, format("mount {}", wanted.type));
  return mount;
}

Status change_mount(int mount, const MountChange& change, bool recursive) {
  Attributes attributes{.set = change.set,
                        .clear = change.clear,
                        .propagation = change.propagation,
                        .user_ns = static_cast<std::uint64_t>(std::max(change.id_map, 0))};
  // One of the access time modes replaces another only where the whole mask is cleared.
  if ((change.set | change.clear) & kAccessTime) attributes.clear |= kAccessTime;
  const unsigned flags = unsigned{AT_EMPTY_PATH} | (recursive ? kRecursive : 0);
  if (::syscall(SYS_mount_setattr, mount, "", flags, &attributes, sizeof attributes) == 0) {
    return ok();
  }
  return system_error(errno, "set the attributes of the mount");
}

Status attach_mount(int mount, int target) {
  if (::syscall(SYS_move_mount, mount, "", target, "", kFromEmptyPath | kToEmptyPath) == 0) {
    return ok();
  }
  return system_error(errno, "attach the mount");
}

Status switch_root(int root) {
  const UniqueFd old(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!old) return system_error(errno, "open the old root");
  if (::fchdir(root) != 0) return system_error(errno, "enter the root file system");
  // With "." as both, the old root is stacked on top of the new one: no directory is needed for it.
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return system_error(errno, "pivot_root");
  if (::fchdir(old.get()) != 0) return system_error(errno, "enter the old root");
  // A slave, so that unmounting does not reach the host, and what the host unmounts still goes.
  if (::mount(nullptr, ".", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return system_error(errno, "make the old root a slave");
  }
  if (::umount2(".", MNT_DETACH) != 0) return system_error(errno, "unmount the old root");
  if (::chdir("/") != 0) return system_error(errno, "enter the new root");
  return ok();
}

Status move_root(int root) {
  if (::fchdir(root) != 0) return system_error(errno, "enter the root file system");
  // What stays mounted under the old root could be reached again by one who leaves the chroot: at
  // least no whole procfs or sysfs is to be found there.
  for (const char* place : {"/proc", "/sys"}) {
    if (::umount2(place, MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT) {
      log::debug("unmount {} of the host in the container: errno {}", place, errno);
    }
  }
  if (::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) {
    return system_error(errno, "move the root file system to /");
  }
  if (::chroot(".") != 0) return system_error(errno, "chroot");
  if (::chdir("/") != 0) return system_error(errno, "enter the new root");
  return ok();
}

bool is_initial_ramdisk(std::string_view mountinfo) {
  bool is_ramdisk = false;  // of the last mount on "/": it covers the others
  while (!mountinfo.empty()) {
    const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
    const std::string_view line = mountinfo.substr(0, end);
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
    // "36 35 98:0 /root /mountpoint options … - type source options"
    std::size_t place = 0;
    for (int field = 1; field < 5 && place != line.npos; ++field) {
      place = line.find(' ', place);
      if (place != line.npos) ++place;
    }
    if (place == line.npos || line.substr(place, 2) != "/ ") continue;
    is_ramdisk = line.find(" - rootfs ", place) != line.npos;
  }
  return is_ramdisk;
}

}  // namespace netctl::sys

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Mounts by file descriptor (open_tree(2), fsopen(2), mount_setattr(2), move_mount(2); Linux 5.12):
// what a descriptor was opened on is what is mounted, whoever renames or replaces paths meanwhile.
// A mount is made detached, with all its attributes, and becomes visible only when it is attached.
namespace netctl::sys {

// MOUNT_ATTR_* of <linux/mount.h>, which does not go together with <sys/mount.h>.
inline constexpr std::uint64_t kReadOnly = 0x1;
inline constexpr std::uint64_t kNoSetuid = 0x2;
inline constexpr std::uint64_t kNoDevices = 0x4;
inline constexpr std::uint64_t kNoExec = 0x8;
inline constexpr std::uint64_t kAccessTime = 0x70;  // the mask of the next three; relatime is 0
inline constexpr std::uint64_t kNoAccessTime = 0x10;
inline constexpr std::uint64_t kStrictAccessTime = 0x20;
inline constexpr std::uint64_t kNoDirectoryAccessTime = 0x80;
inline constexpr std::uint64_t kNoFollow = 0x200000;
inline constexpr std::uint64_t kIdMap = 0x100000;

// What mount_setattr(2) changes.
struct MountChange {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;  // MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE; 0: as it is
  int id_map = -1;                // with kIdMap: a user namespace
};

// Opens a path of a file tree as if `root` were "/": links and ".." cannot lead out of it.
// `resolve` adds RESOLVE_* of <linux/openat2.h>; magic links are always refused.
Result<UniqueFd> open_in_root(int root, const std::string& path, int flags,
                              std::uint64_t resolve = 0);

// A detached copy of the mount at a path, with those below it where `recursive`; of the descriptor
// `at` itself where the path is empty.
Result<UniqueFd> copy_mount(int at, const std::string& path, bool recursive);

// A new file system, detached. An option without "=" has no value. Of the kernel's reasons for a
// refusal the last is in the error.
struct NewFilesystem {
  std::string type{};
  std::string source{};
  std::vector<std::string> options{};
  std::uint64_t attributes = 0;
};
Result<UniqueFd> new_filesystem(const NewFilesystem& wanted);

Status change_mount(int mount, const MountChange& change, bool recursive);

// Mounts a detached mount on what `target` is opened on. Afterwards `mount` is the root of it.
Status attach_mount(int mount, int target);

// Makes the mount `root` (a directory on it) the root of this mount namespace; nothing of the old
// root stays visible. The working directory is "/" afterwards.
Status switch_root(int root);
// The same where pivot_root(2) cannot work, the host's root being the initial ramdisk: the mount is
// moved over "/", and everything that was mounted below it is gone first.
Status move_root(int root);
// Whether the root is the initial ramdisk's, by the content of /proc/self/mountinfo (proc(5)).
bool is_initial_ramdisk(std::string_view mountinfo);

}  // namespace netctl::sys

#include "ipam/host-local/fate.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "runtime-core/base/format.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {
namespace {

// One that goes just when its namespace is asked for is told as EACCES (proc_ns_get_link() in
// fs/proc/namespaces.c).
bool has_gone(const std::string& pid) {
  const auto there = sys::exists("/proc/" + pid);
  return there && !*there;
}

}  // namespace

std::uint64_t FateTeller::own_mounts() {
  if (!own_mounts_) {
    struct stat mounts {};
    own_mounts_ = ::stat("/proc/self/ns/mnt", &mounts) == 0 ? mounts.st_ino : 0;
  }
  return *own_mounts_;
}

void FateTeller::look_at_processes() {
  if (looked_) return;
  looked_ = true;
  const auto names = sys::list_directory("/proc");
  sees_all_ = names.has_value();
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    if (name.front() < '1' || name.front() > '9') continue;
    struct stat netns {};
    if (::stat(format("/proc/{}/ns/net", name).c_str(), &netns) == 0) {
      inhabited_.emplace(netns.st_dev, netns.st_ino);
    } else if (errno != ENOENT && errno != ESRCH && name != "1" && !has_gone(name)) {
      // Somebody else's process, and we are not root. The first one is no container's, and may be
      // closed to root where root itself is confined.
      sees_all_ = false;
    }
  }
}

Fate FateTeller::fate_of(const Tag& tag) {
  if (!tag.netns || tag.netns->mounts != own_mounts()) return Fate::Unknown;
  const NetnsSighting& seen = *tag.netns;
  struct stat now {};
  const bool found = ::stat(seen.path.c_str(), &now) == 0;
  if (!found && errno != ENOENT && errno != ENOTDIR) return Fate::Unknown;
  if (found && now.st_dev == seen.device && now.st_ino == seen.inode) return Fate::Alive;
  look_at_processes();
  if (inhabited_.contains({seen.device, seen.inode})) return Fate::Alive;
  if (!sees_all_) return Fate::Unknown;
  return seen.pinned ? Fate::Gone : Fate::Missing;
}

}  // namespace netctl::host_local

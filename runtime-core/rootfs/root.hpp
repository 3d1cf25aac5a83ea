#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// The root file system of a container while it is put together, before it becomes "/". Its content
// is not trusted: every path in it is resolved by the kernel as if it were the root (openat2(2)),
// and what was resolved is held by a descriptor from then on.
namespace netctl::rootfs {

struct Mount {
  std::string destination{};
  std::string type{};
  std::string source{};
  std::vector<std::string> options{};  // as parse_mount_options() reads them
  bool operator==(const Mount&) const = default;
};

struct Device {
  std::string path{};
  char type = 'c';  // 'c', 'b', 'p'
  unsigned major = 0;
  unsigned minor = 0;
  mode_t mode = 0666;
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(const Device&) const = default;
};
// null, zero, full, random, urandom, tty: what every program may expect in /dev.
const std::vector<Device>& standard_devices();

// A cgroup hierarchy as a container sees it below /sys/fs/cgroup.
struct CgroupDirectory {
  std::string name{};       // "memory"; empty for the one hierarchy of version 2
  std::string host_path{};  // the container's own group
};

class Root {
 public:
  // Mounts a copy of `directory` (with what is mounted below it) over itself in this mount
  // namespace, which has to be the container's own, and cut off from the host's.
  static Result<Root> bind(const std::string& directory);
  // The same for one who has no way to the path, being in another user namespace: `copy` was made
  // by copy_of() before that was entered.
  static Result<Root> adopt(UniqueFd copy);
  static Result<UniqueFd> copy_of(const std::string& path, bool recursive);

  int fd() const { return fd_.get(); }

  // Mounts it at its destination, which is made when it is missing: a directory, or an empty file
  // for a bind mount of a file. "/" replaces the root by what is mounted (an overlay).
  // With `source` (of copy_of()) that is what is bound.
  Status mount(const Mount& mount, UniqueFd source = UniqueFd());
  // Options that make a mount read-only take effect here, when its content is complete.
  Status finish_mounts();

  // /sys/fs/cgroup: version 2 mounted anew in the container's own cgroup namespace, or bound;
  // version 1 a directory of bound groups.
  Status mount_cgroups(const std::vector<CgroupDirectory>& groups, const Mount& mount);

  // Makes the nodes; where the kernel does not let us (a user namespace), the host's are bound.
  Status add_devices(const std::vector<Device>& devices);
  // /dev/fd, stdin, stdout, stderr, ptmx, core.
  Status add_device_links();

  // A file is covered by /dev/null, a directory by an empty one; what is missing is skipped.
  Status mask(const std::vector<std::string>& paths);
  Status make_read_only(const std::vector<std::string>& paths);
  Status make_root_read_only();

  // Opens `path`, or makes it first: all missing directories, and a file or directory at its end.
  enum class Kind { Directory, File };
  Result<UniqueFd> ensure(std::string_view path, Kind kind);

  // Becomes "/" of this mount namespace.
  Status become_root(bool pivot);

 private:
  explicit Root(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<UniqueFd> target_of(const Mount& mount, Kind kind);
  Status mount_overlay_as_root(const Mount& mount);
  Status attach(UniqueFd made, const Mount& mount, Kind kind);
  Status add_device(const Device& device);

  struct Late {
    UniqueFd mount;
    std::string destination;
  };
  UniqueFd fd_;
  std::vector<Late> read_only_later_;
};

}  // namespace netctl::rootfs

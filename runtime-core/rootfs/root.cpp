#include "runtime-core/rootfs/root.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "runtime-core/base/log.hpp"
#include "runtime-core/rootfs/copy.hpp"
#include "runtime-core/rootfs/layers.hpp"
#include "runtime-core/rootfs/mount_options.hpp"
#include "runtime-core/sys/mount_api.hpp"

namespace netctl::rootfs {
namespace {

using sys::attach_mount;
using sys::change_mount;
using sys::open_in_root;

std::string fd_path(int fd) { return format("/proc/self/fd/{}", fd); }

// "/a//b/./c" as {"a", "b", "c"}; ".." stays: the kernel resolves it inside the root.
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (!part.empty() && part != ".") parts.push_back(part);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

std::string normal(std::string_view path) {
  std::string text;
  for (const std::string_view part : parts_of(path)) text.append("/").append(part);
  return text.empty() ? "/" : text;
}

// What may be mounted below /proc: files that make a container's share of the machine visible.
// Anything else there could stand in for a file that the runtime itself trusts.
constexpr std::string_view kUnderProc[] = {"/proc/cpuinfo",
                                           "/proc/diskstats",
                                           "/proc/meminfo",
                                           "/proc/stat",
                                           "/proc/swaps",
                                           "/proc/uptime",
                                           "/proc/loadavg",
                                           "/proc/slabinfo",
                                           "/proc/sys/kernel/ns_last_pid",
                                           "/proc/sys/crypto/fips_enabled"};

Status check_destination(const Mount& mount) {
  const std::string place = normal(mount.destination);
  if (parts_of(place).empty() && mount.type != "overlay") {
    return fail(Errc::InvalidArgument, "mount {}: only an overlay can be the root",
                mount.destination);
  }
  if (place == "/proc" && mount.type != "proc") {
    return fail(Errc::InvalidArgument, "mount /proc: it can be of type proc only");
  }
  if (place.starts_with("/proc/") && std::ranges::find(kUnderProc, place) == std::end(kUnderProc)) {
    return fail(Errc::InvalidArgument, "mount {}: nothing can be mounted inside /proc", place);
  }
  return ok();
}

Status change(const UniqueFd& mount, const MountOptions& options, std::uint64_t not_yet) {
  sys::MountChange own = options.mount;
  own.propagation = 0;
  own.set &= ~not_yet;
  if (own.set || own.clear) TRY(change_mount(mount.get(), own, false));
  if (options.all.set || options.all.clear) TRY(change_mount(mount.get(), options.all, true));
  return ok();
}

Status propagate(int mount, const MountOptions& options) {
  if (options.propagation_all) {
    TRY(change_mount(mount, {.propagation = options.propagation_all}, true));
  }
  if (options.mount.propagation) {
    TRY(change_mount(mount, {.propagation = options.mount.propagation}, false));
  }
  return ok();
}

// A bind mount's source is the host's, so it is opened by path.
Result<UniqueFd> bound(const Mount& mount, UniqueFd source, const MountOptions& options) {
  if (source) return source;
  return Root::copy_of(mount.source, options.recursive);
}

Result<bool> is_directory(int fd, std::string_view path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error(errno, format("look at {}", path));
  return S_ISDIR(info.st_mode);
}

bool has_option(const std::vector<std::string>& data, std::string_view name) {
  return std::ranges::any_of(data, [&](const std::string& each) { return each.starts_with(name); });
}

}  // namespace

const std::vector<Device>& standard_devices() {
  static const std::vector<Device> devices{{.path = "/dev/null", .major = 1, .minor = 3},
                                           {.path = "/dev/zero", .major = 1, .minor = 5},
                                           {.path = "/dev/full", .major = 1, .minor = 7},
                                           {.path = "/dev/random", .major = 1, .minor = 8},
                                           {.path = "/dev/urandom", .major = 1, .minor = 9},
                                           {.path = "/dev/tty", .major = 5, .minor = 0}};
  return devices;
}

Result<UniqueFd> Root::copy_of(const std::string& path, bool recursive) {
  UniqueFd copy = TRY(sys::copy_mount(AT_FDCWD, path, recursive));
  // Nothing that is mounted in the copy goes back to where it is from.
  TRY(change_mount(copy.get(), {.propagation = MS_PRIVATE}, recursive));
  return copy;
}

Result<Root> Root::adopt(UniqueFd copy) {
  // Over the old root, which everything but this descriptor still sees.
  const UniqueFd place(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return system_error(errno, "open /");
  TRY(attach_mount(copy.get(), place.get()).context("root file system"));
  return Root(std::move(copy));
}

Result<Root> Root::bind(const std::string& directory) {
  const UniqueFd place(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return system_error(errno, format("root file system {}", directory));
  UniqueFd copy = TRY(sys::copy_mount(place.get(), "", true).context("root file system"));
  TRY(change_mount(copy.get(), {.propagation = MS_PRIVATE}, true));
  TRY(attach_mount(copy.get(), place.get()).context("root file system {}", directory));
  return Root(std::move(copy));
}

Result<UniqueFd> Root::ensure(std::string_view path, Kind kind) {
  const auto parts = parts_of(path);
  std::string so_far;
  UniqueFd parent = TRY(open_in_root(fd_.get(), ".", O_PATH | O_DIRECTORY));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool wants_file = i + 1 == parts.size() && kind == Kind::File;
    const std::string name(parts[i]);
    so_far += "/" + name;
    auto next = open_in_root(fd_.get(), so_far, O_PATH | (wants_file ? 0 : O_DIRECTORY));
    if (!next && next.error().code == Errc::NotFound) {
      // In the directory that was opened, and nowhere else: a link that leads nowhere is refused.
      if (wants_file) {
        const UniqueFd made(::openat(parent.get(), name.c_str(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755));
        if (!made) return system_error(errno, format("create {} in the container", so_far));
      } else if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        return system_error(errno, format("create {} in the container", so_far));
      }
      next = open_in_root(fd_.get(), so_far, O_PATH | (wants_file ? 0 : O_DIRECTORY));
    }
    parent = TRY(std::move(next));
  }
  return parent;
}

Result<UniqueFd> Root::target_of(const Mount& mount, Kind kind) {
  UniqueFd target = TRY(ensure(mount.destination, kind));
  if (mount.type == "proc" || mount.type == "sysfs") {
    // A link there, even inside the root, would have the masks below miss.
    const auto plain =
        open_in_root(fd_.get(), mount.destination, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    if (!plain) {
      return fail(Errc::InvalidArgument, "{} must be mounted on ordinary directory: {}",
                  mount.destination, plain.error().message);
    }
  }
  return target;
}

Status Root::attach(UniqueFd made, const Mount& mount, Kind kind) {
  const MountOptions options = TRY(parse_mount_options(mount.options));
  const UniqueFd target = TRY(target_of(mount, kind));
  // Files have to be put into a read-only tmpfs first.
  const bool later = mount.type == "tmpfs" && (options.mount.set & sys::kReadOnly);
  TRY(change(made, options, later ? sys::kReadOnly : 0));
  TRY(attach_mount(made.get(), target.get()));
  TRY(propagate(made.get(), options));
  if (later) read_only_later_.push_back({std::move(made), mount.destination});
  return ok();
}

Status Root::mount_overlay_as_root(const Mount& mount) {
  // Its target goes by the descriptor.
  const std::string place = fd_path(fd_.get());
  TRY(mount_layers(mount, place));
  char path[4096];
  const ssize_t length = ::readlink(place.c_str(), path, sizeof path - 1);
  if (length < 0) return system_error(errno, "find the root file system");
  path[length] = '\0';
  UniqueFd top(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) return system_error(errno, "open the layers");
  struct statfs info {};
  if (::fstatfs(top.get(), &info) != 0) return system_error(errno, "look at the layers");
  if (info.f_type != OVERLAYFS_SUPER_MAGIC) {
    return fail(Errc::TryAgain, "{} was replaced while the layers were mounted on it", path);
  }
  fd_ = std::move(top);
  return ok();
}

Status Root::mount(const Mount& mount, UniqueFd source) {
  TRY(check_destination(mount));
  const MountOptions options = TRY(parse_mount_options(mount.options));
  if (parts_of(mount.destination).empty()) return mount_overlay_as_root(mount);
  if (options.bind) {
    UniqueFd made = TRY(bound(mount, std::move(source), options));
    const bool is_tree = TRY(is_directory(made.get(), mount.source));
    return attach(std::move(made), mount, is_tree ? Kind::Directory : Kind::File);
  }
  std::vector<std::string> data = options.data;
  if (mount.type == "tmpfs" && !has_option(data, "mode=")) {
    // As the directory that it covers; a new one is made for everybody, as the kernel does.
    const auto covered = open_in_root(fd_.get(), mount.destination, O_PATH | O_DIRECTORY);
    if (!covered && covered.error().code != Errc::NotFound) return covered.error();
    struct stat info {};
    if (covered && ::fstat(covered->get(), &info) != 0) {
      return system_error(errno, "look at " + mount.destination + " of the container");
    }
    if (covered) data.push_back(format("mode={:o}", info.st_mode & 07777U));
  }
  const sys::NewFilesystem wanted{
      .type = mount.type, .source = mount.source, .options = std::move(data)};
  UniqueFd made = TRY(sys::new_filesystem(wanted));
  if (options.copy_up) {
    const auto covered = open_in_root(fd_.get(), mount.destination, O_RDONLY | O_DIRECTORY);
    if (!covered && covered.error().code != Errc::NotFound) return covered.error();
    if (covered) TRY(copy_tree(covered->get(), made.get()).context("copy {}", mount.destination));
  }
  return attach(std::move(made), mount, Kind::Directory);
}

Status Root::finish_mounts() {
  for (const Late& each : read_only_later_) {
    TRY(change_mount(each.mount.get(), {.set = sys::kReadOnly}, false)
            .context("{}", each.destination));
  }
  read_only_later_.clear();
  return ok();
}

Status Root::mount_cgroups(const std::vector<CgroupDirectory>& groups, const Mount& mount) {
  const bool unified = groups.size() == 1 && groups.front().name.empty();
  Mount directory = mount;
  if (unified) {
    directory.type = "cgroup2";
    directory.source = "cgroup";
    const auto made = this->mount(directory);
    if (made) return ok();
    // Without a cgroup namespace of its own the container's group is bound instead.
    directory.source = groups.front().host_path;
    directory.options.emplace_back("rbind");
    return this->mount(directory);
  }
  directory.type = "tmpfs";
  directory.source = "tmpfs";
  directory.options.emplace_back("mode=755");
  TRY(this->mount(directory));
  for (const CgroupDirectory& group : groups) {
    Mount each{.destination =
                   format("{}/{}", mount.destination, group.name.empty() ? "unified" : group.name),
               .type = "bind",
               .source = group.host_path,
               .options = mount.options};
    each.options.emplace_back("bind");
    TRY(this->mount(each));
  }
  return ok();
}

Status Root::add_device(const Device& device) {
  const auto slash = device.path.rfind('/');
  const UniqueFd directory =
      TRY(ensure(std::string_view(device.path).substr(0, slash), Kind::Directory));
  const std::string name = device.path.substr(slash + 1);
  const mode_t type = device.type == 'b' ? S_IFBLK : device.type == 'p' ? S_IFIFO : S_IFCHR;
  const dev_t number = ::makedev(device.major, device.minor);
  if (::mknodat(directory.get(), name.c_str(), type | device.mode, number) == 0) {
    if (::fchmodat(directory.get(), name.c_str(), device.mode, 0) != 0 ||
        ::fchownat(directory.get(), name.c_str(), device.uid, device.gid, AT_SYMLINK_NOFOLLOW) !=
            0) {
      return system_error(errno, "set its owner and mode");
    }
    return ok();
  }
  if (errno == EEXIST) {
    struct stat info {};
    if (::fstatat(directory.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        (info.st_mode & S_IFMT) == type && (type == S_IFIFO || info.st_rdev == number)) {
      return ok();
    }
    return fail(Errc::Exists, "another file is there");
  }
  if (errno != EPERM) return system_error(errno, "make the node");
  // The host's own node, if it is the device that is wanted.
  const UniqueFd node(::open(device.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!node || ::fstat(node.get(), &info) != 0 || (info.st_mode & S_IFMT) != type ||
      info.st_rdev != number) {
    return fail(Errc::PermissionDenied, "the node cannot be made, and the host has none to bind");
  }
  const UniqueFd copy = TRY(sys::copy_mount(node.get(), "", false));
  const UniqueFd target = TRY(ensure(device.path, Kind::File));
  return attach_mount(copy.get(), target.get());
}

Status Root::add_devices(const std::vector<Device>& devices) {
  for (const Device& device : devices) {
    TRY(add_device(device).context("device {}", device.path));
  }
  return ok();
}

Status Root::add_device_links() {
  const UniqueFd dev = TRY(ensure("/dev", Kind::Directory));
  const std::map<std::string, std::string> links{
      {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
      {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"}};
  for (const auto& [name, to] : links) {
    if (name == "ptmx" && ::unlinkat(dev.get(), "ptmx", 0) != 0 && errno != ENOENT) {
      return system_error(errno, "replace /dev/ptmx");
    }
    if (::symlinkat(to.c_str(), dev.get(), name.c_str()) != 0 && errno != EEXIST) {
      return system_error(errno, format("link /dev/{}", name));
    }
  }
  return ok();
}

Status Root::mask(const std::vector<std::string>& paths) {
  UniqueFd null(::open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!null || ::fstat(null.get(), &info) != 0) return system_error(errno, "open /dev/null");
  if (!S_ISCHR(info.st_mode) || info.st_rdev != ::makedev(1, 3)) {
    return fail(Errc::Unknown, "/dev/null of the host is not the null device");
  }
  UniqueFd empty;  // one for all
  for (const std::string& path : paths) {
    const auto target = open_in_root(fd_.get(), path, O_PATH);
    if (!target && target.error().code == Errc::NotFound) continue;
    if (!target) return target.error();
    UniqueFd cover;
    const bool is_tree = TRY(is_directory(target->get(), path).context("mask"));
    if (!is_tree) {
      cover = TRY(sys::copy_mount(null.get(), "", false));
    } else {
      if (!empty) {
        static const sys::NewFilesystem nothing{.type = "tmpfs",
                                                .source = "tmpfs",
                                                .options = {"nr_blocks=1", "nr_inodes=2"},
                                                .attributes = sys::kReadOnly};
        empty = TRY(sys::new_filesystem(nothing));
        TRY(attach_mount(empty.get(), target->get()).context("mask {}", path));
        continue;
      }
      cover = TRY(sys::copy_mount(empty.get(), "", false));
    }
    TRY(attach_mount(cover.get(), target->get()).context("mask {}", path));
  }
  return ok();
}

Status Root::make_read_only(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const auto target = open_in_root(fd_.get(), path, O_PATH);
    if (!target && target.error().code == Errc::NotFound) continue;
    if (!target) return target.error();
    const UniqueFd copy = TRY(sys::copy_mount(target->get(), "", true));
    TRY(change_mount(copy.get(), {.set = sys::kReadOnly}, true).context("read-only {}", path));
    TRY(attach_mount(copy.get(), target->get()).context("read-only {}", path));
  }
  return ok();
}

Status Root::make_root_read_only() {
  return change_mount(fd_.get(), {.set = sys::kReadOnly}, false).context("read-only root");
}

Status Root::become_root(bool pivot) {
  return pivot ? sys::switch_root(fd_.get()) : sys::move_root(fd_.get());
}

}  // namespace netctl::rootfs

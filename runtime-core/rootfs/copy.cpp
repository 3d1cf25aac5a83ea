#include "runtime-core/rootfs/copy.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "runtime-core/base/unique_fd.hpp"

namespace netctl::rootfs {
namespace {

Status copy_attributes(const struct stat& info, int directory, const char* name) {
  const timespec times[2] = {info.st_atim, info.st_mtim};
  if (::fchownat(directory, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_error(errno, format("owner of {}", name));
  }
  if (!S_ISLNK(info.st_mode) && ::fchmodat(directory, name, info.st_mode & 07777U, 0) != 0) {
    return system_error(errno, format("mode of {}", name));
  }
  if (::utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_error(errno, format("times of {}", name));
  }
  return ok();
}

Status copy_content(int from, int to, const char* name) {
  const UniqueFd in(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!in) return system_error(errno, format("open {}", name));
  const UniqueFd out(
      ::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!out) return system_error(errno, format("create {}", name));
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  for (;;) {
    const ssize_t done = ::sendfile(out.get(), in.get(), nullptr, kPiece);
    if (done == 0) return ok();
    if (done < 0 && errno != EINTR) return system_error(errno, format("copy {}", name));
  }
}

Status copy_link(int from, int to, const char* name) {
  char target[4096];
  const ssize_t length = ::readlinkat(from, name, target, sizeof target - 1);
  if (length < 0) return system_error(errno, format("read link {}", name));
  target[length] = '\0';
  if (::symlinkat(target, to, name) != 0) return system_error(errno, format("link {}", name));
  return ok();
}

Status copy_directory(int from, int to, const char* name, dev_t device) {
  const UniqueFd below(::openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!below) return system_error(errno, format("open {}", name));
  struct stat info {};
  if (::fstat(below.get(), &info) != 0) return system_error(errno, format("look at {}", name));
  if (::mkdirat(to, name, 0700) != 0) return system_error(errno, format("create {}", name));
  if (info.st_dev != device) return ok();  // something is mounted there
  const UniqueFd made(::openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made) return system_error(errno, format("open the copy of {}", name));
  return copy_tree(below.get(), made.get());
}

Status copy_entry(int from, int to, const std::string& entry, dev_t device) {
  const char* name = entry.c_str();
  struct stat info {};
  if (::fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return system_error(errno, name);
  if (S_ISREG(info.st_mode)) {
    TRY(copy_content(from, to, name));
  } else if (S_ISLNK(info.st_mode)) {
    TRY(copy_link(from, to, name));
  } else if (S_ISDIR(info.st_mode)) {
    TRY(copy_directory(from, to, name, device));
  } else if (::mknodat(to, name, info.st_mode, info.st_rdev) != 0) {
    return system_error(errno, format("make node {}", name));
  }
  return copy_attributes(info, to, name);
}

Result<std::vector<std::string>> entries_of(int directory) {
  const int again = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const auto close = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(close)> stream(again < 0 ? nullptr : ::fdopendir(again),
                                                     close);
  if (!stream) return system_error(errno, "list a directory");
  std::vector<std::string> names;
  for (errno = 0; const dirent* entry = ::readdir(stream.get()); errno = 0) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return system_error(errno, "list a directory");
  return names;
}

}  // namespace

Status copy_tree(int from, int to) {
  struct stat info {};
  if (::fstat(from, &info) != 0) return system_error(errno, "look at the directory");
  for (const std::string& name : TRY(entries_of(from))) {
    TRY(copy_entry(from, to, name, info.st_dev));
  }
  return ok();
}

}  // namespace netctl::rootfs

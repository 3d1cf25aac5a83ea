#include "runtime-core/sys/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "runtime-core/sys/write.hpp"

namespace netctl::sys {
namespace {

Error error_at(std::string_view step, std::string_view path) {
  return system_error(errno, format("{} {}", step, path));
}

Result<std::string> read_all(int fd, std::string_view path, std::size_t limit) {
  std::string content;
  struct stat info {};
  // Files in /proc claim to be empty, and give less than they are asked for before their end.
  const bool is_stored = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
  if (is_stored) content.reserve(std::min(static_cast<std::size_t>(info.st_size), limit));
  std::array<char, 4096> piece;  // not cleared: most files are a line
  for (;;) {
    const std::size_t wanted = std::min(piece.size(), limit + 1 - content.size());
    const ssize_t got = ::read(fd, piece.data(), wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error_at("read", path);
    const auto length = static_cast<std::size_t>(got);
    content.append(piece.data(), length);
    if (content.size() > limit) {
      return fail(Errc::InvalidArgument, "read {}: larger than {} bytes", path, limit);
    }
    if (length == 0 || (is_stored && length < wanted)) return content;
  }
}

std::string_view directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Leading dot: directory readers of ours and of others skip it should we die before the rename.
std::string temporary_of(const std::string& path) {
  return format("{}/.{}.new", directory_of(path), path.substr(path.rfind('/') + 1));
}

// For file systems that have no files without a name. What somebody left there who died is in
// nobody's way.
Result<UniqueFd> create_named(const std::string& path) {
  const std::string temporary = temporary_of(path);
  ::unlink(temporary.c_str());
  UniqueFd file(
      ::open(temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return error_at("create a temporary file beside", path);
  return file;
}

Status name_beside(int file, const std::string& temporary) {
  if (give_name(file, AT_FDCWD, temporary)) return ok();
  if (errno == EEXIST) {
    ::unlink(temporary.c_str());
    if (give_name(file, AT_FDCWD, temporary)) return ok();
  }
  return error_at("give a name to", temporary);
}

}  // namespace

Result<std::optional<std::string>> find_file(const std::string& path, std::size_t limit) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return error_at("open", path);
  }
  return std::optional(TRY(read_all(file.get(), path, limit)));
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return error_at("open", path);
  return read_all(file.get(), path, limit);
}

bool give_name(int file, int directory, const std::string& path) {
  // Who lacks CAP_DAC_READ_SEARCH is told that there is no such file.
  if (::linkat(file, "", directory, path.c_str(), AT_EMPTY_PATH) == 0) return true;
  if (errno != ENOENT) return false;
  const std::string source = format("/proc/self/fd/{}", file);
  return ::linkat(AT_FDCWD, source.c_str(), directory, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

Status replace_file(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = temporary_of(path);
  UniqueFd file(
      ::open(std::string(directory_of(path)).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  const bool unnamed = static_cast<bool>(file);
  if (!unnamed) file = TRY(create_named(path));
  Status status = write_all(file.get(), content) ? ok() : error_at("write", path);
  if (status && ::fchmod(file.get(), mode) != 0) status = error_at("set the mode of", path);
  if (status && unnamed) {
    if (give_name(file.get(), AT_FDCWD, path)) return ok();
    status = name_beside(file.get(), temporary);
  }
  if (status && ::rename(temporary.c_str(), path.c_str()) != 0) status = error_at("replace", path);
  if (!status) ::unlink(temporary.c_str());
  return status;
}

Status overwrite_file(const std::string& path, std::string_view content, mode_t mode) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return replace_file(path, content, mode);
  }
  if (!write_all(file.get(), content)) return error_at("write", path);
  const auto length = static_cast<off_t>(content.size());
  if (info.st_size > length && ::ftruncate(file.get(), length) != 0) return error_at("cut", path);
  return ok();
}

Status delete_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
    return error_at("delete", path);
  }
  return ok();
}

Status delete_replaced(const std::string& path) {
  TRY(delete_file(path));
  return delete_unfinished(path);
}

Result<bool> exists(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return error_at("look at", path);
}

Status delete_unfinished(const std::string& path) { return delete_file(temporary_of(path)); }

Status ensure_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return ok();
  if (errno == ENOENT) {
    TRY(ensure_directory(std::string(directory_of(path)), mode));
    if (::mkdir(path.c_str(), mode) == 0) return ok();
  }
  if (errno != EEXIST) return error_at("create directory", path);
  // Taken, by a directory hopefully; stat(2) itself fails where a symbolic link leads nowhere.
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return ok();
    errno = ENOTDIR;
  }
  return error_at("create directory", path);
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const auto close = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close)> directory(::opendir(path.c_str()), close);
  std::vector<std::string> names;
  if (!directory) {
    if (errno == ENOENT) return names;
    return error_at("list", path);
  }
  for (errno = 0; const dirent* entry = ::readdir(directory.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return error_at("list", path);
  std::ranges::sort(names);
  return names;
}

Result<bool> has_name(const std::string& path,
                      const std::function<bool(std::string_view)>& wanted) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    if (errno == ENOENT) return false;
    return error_at("list", path);
  }
  // opendir(3) has one of 32 KB.
  alignas(dirent64) std::array<char, 1024> buffer;
  while (true) {
    const ssize_t length = ::getdents64(directory.get(), buffer.data(), buffer.size());
    // Removed since it was opened, which readdir(3) takes for the end as well.
    if (length < 0 && errno == ENOENT) return false;
    if (length < 0) return error_at("list", path);
    if (length == 0) return false;
    for (ssize_t at = 0; at < length;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(&buffer[at]);
      const std::string_view name = entry->d_name;
      if (name != "." && name != ".." && wanted(name)) return true;
      at += entry->d_reclen;
    }
  }
}

Result<FileLock> FileLock::acquire(const std::string& path, Lock kind, mode_t mode) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return error_at("open lock", path);
  return acquire(std::move(file), kind, path);
}

Result<FileLock> FileLock::of_directory(const std::string& path, Lock kind) {
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return error_at("open", path);
  return acquire(std::move(directory), kind, path);
}

Result<FileLock> FileLock::acquire(UniqueFd file, Lock kind, std::string_view name) {
  while (::flock(file.get(), kind == Lock::Shared ? LOCK_SH : LOCK_EX) != 0) {
    if (errno != EINTR) return error_at("lock", name);
  }
  return FileLock(std::move(file));
}

FileLock::~FileLock() {
  if (file_) ::flock(file_.get(), LOCK_UN);
}

}  // namespace netctl::sys

#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Files that other programs read while we write them. Errors name the path.
namespace netctl::sys {

// Everything in the file; nothing when it does not exist. At most `limit` bytes, else an error.
Result<std::optional<std::string>> find_file(const std::string& path,
                                             std::size_t limit = 16U << 20);
Result<std::string> read_file(const std::string& path, std::size_t limit = 16U << 20);

// The file has the new content afterwards or the old one, or there is none as before, however this
// process ends between: an unnamed file gets its name, or, where there is one, a name beside it
// (".NAME.new") and then rename(2). Of two who write one file at once the one that is told of a
// failure (NotFound) was overtaken. `mode` is exact, whatever the umask. A symbolic link at `path`
// is replaced, not followed. Nothing waits for the disk.
Status replace_file(const std::string& path, std::string_view content, mode_t mode);
// The same for what is written often and relied on by nobody, with half the calls: the file is
// written over, so a process that is killed meanwhile may leave a mixture of old and new. One that
// is missing, or no regular file, is replaced as above.
Status overwrite_file(const std::string& path, std::string_view content, mode_t mode);
// A file that was opened without a name (O_TMPFILE) gets one, unless that is taken; false with
// errno otherwise. Relative to `directory`, an open one or AT_FDCWD.
bool give_name(int file, int directory, const std::string& path);
// Deletes it, and what was left beside it by a process that was killed while it replaced it.
Status delete_replaced(const std::string& path);
// Only what replace_file() leaves when it is killed.
Status delete_unfinished(const std::string& path);

// Whether there is something of that name, symbolic links followed. What cannot be looked at is an
// error: to take it for missing would lose it.
Result<bool> exists(const std::string& path);

// Gone afterwards; already gone is success.
Status delete_file(const std::string& path);

// There afterwards, with its parents (which get the same mode).
Status ensure_directory(const std::string& path, mode_t mode);

// Names in the directory without "." and "..", sorted; empty when it does not exist, or is removed
// meanwhile.
Result<std::vector<std::string>> list_directory(const std::string& path);
// Whether `wanted` says yes to one of them. Reads no more than it takes to know, in small pieces:
// of a thousand names the kernel makes all that fit into the reader's buffer.
Result<bool> has_name(const std::string& path, const std::function<bool(std::string_view)>& wanted);

// flock(2) on an open file: held until the returned object goes, or its process, however it dies. A
// child that has the descriptor too does not keep it held.
enum class Lock { Shared, Exclusive };
class FileLock {
 public:
  // Creates the file (with `mode`) when it is missing, never truncates it, and waits for the lock.
  static Result<FileLock> acquire(const std::string& path, Lock kind, mode_t mode);
  // A directory that is there.
  static Result<FileLock> of_directory(const std::string& path, Lock kind = Lock::Exclusive);
  // Locks what is open already, and keeps it open.
  static Result<FileLock> acquire(UniqueFd file, Lock kind, std::string_view name);
  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace netctl::sys

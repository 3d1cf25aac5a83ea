#include "runtime-core/cni/built_in.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/cni/plugin.hpp"

namespace netctl::cni {
namespace {

// Linkers put notes before everything else that is loaded, right behind the program headers.
constexpr std::size_t kStampWithin = 4096;

constexpr std::string_view kStampBegins = "netctl-plugins ";

// How the file begins, where it is one that could be executed; otherwise nothing.
Result<std::string_view> beginning_of(const std::string& executable,
                                      std::array<char, kStampWithin>& room) {
  const UniqueFd file(::open(executable.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && (errno == ENOENT || errno == ENOTDIR || errno == ENXIO)) return std::string_view();
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return system_error(errno, "open " + executable);
  if (!S_ISREG(info.st_mode) || (info.st_mode & 0111) == 0) return std::string_view();
  const ssize_t got = ::read(file.get(), room.data(), room.size());
  if (got < 0) return system_error(errno, "read " + executable);
  const std::string_view beginning(room.data(), static_cast<std::size_t>(got));
  return beginning.starts_with("\177ELF") ? beginning : std::string_view();
}

// Which file it is, which content of it, and whether it could be executed.
using FileState = std::array<std::int64_t, 6>;

FileState state_of(const struct stat& file) {
  return {static_cast<std::int64_t>(file.st_dev),
          static_cast<std::int64_t>(file.st_ino),
          static_cast<std::int64_t>(file.st_mode),
          static_cast<std::int64_t>(file.st_size),
          file.st_ctim.tv_sec,
          file.st_ctim.tv_nsec};
}

// Whether the executable has the plugins of this build. All names of those are links to one file,
// so what has been found out for the first plugin of a chain is not read again for the next one.
bool is_of_this_build(const std::string& executable) {
  static std::optional<FileState> known;
  struct stat info {};
  if (::stat(executable.c_str(), &info) != 0) return false;
  const FileState state = state_of(info);
  if (state == known) return true;
  if (stamped_version(executable).value_or(std::nullopt) != NETCTL_VERSION) return false;
  known = state;
  return true;
}

}  // namespace

std::string_view own_version() { return NETCTL_VERSION; }

Result<std::optional<std::string>> stamped_version(const std::string& executable) {
  std::optional<std::string> stamped;
  std::array<char, kStampWithin> room;  // not cleared
  const std::string_view text = TRY(beginning_of(executable, room));
  const auto at = text.find(kStampBegins);
  if (at == text.npos) return stamped;
  // With the NUL at its end: version 0.1 is not 0.10.
  const auto end = text.find('\0', at);
  if (end == text.npos) return stamped;
  const auto version = at + kStampBegins.size();
  stamped = std::string(text.substr(version, end - version));
  return stamped;
}

Plugin* find_plugin(BuiltIns plugins, std::string_view name) {
  const auto found = std::ranges::find(plugins, name, [](Plugin* each) { return each->name(); });
  return found == plugins.end() ? nullptr : *found;
}

Plugin* find_built_in(BuiltIns built_ins, const std::string& executable) {
  const std::string_view name = std::string_view(executable).substr(executable.rfind('/') + 1);
  Plugin* const plugin = find_plugin(built_ins, name);
  if (plugin == nullptr) return nullptr;
  return is_of_this_build(executable) ? plugin : nullptr;
}

}  // namespace netctl::cni

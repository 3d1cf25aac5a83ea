#include "runtime-core/cni/built_in.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/cni/plugin.hpp"

namespace netctl::cni {
namespace {

// Linkers put notes before everything else that is loaded, right behind the program headers.
constexpr std::size_t kStampWithin = 4096;

// Whether the file could be executed and begins as an executable with this stamp does.
bool has_stamp(const std::string& executable, std::string_view stamp) {
  const UniqueFd file(::open(executable.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return false;
  if (!S_ISREG(info.st_mode) || (info.st_mode & 0111) == 0) return false;
  std::array<char, kStampWithin> beginning;
  const ssize_t got = ::read(file.get(), beginning.data(), beginning.size());
  if (got <= 0) return false;
  const std::string_view text(beginning.data(), static_cast<std::size_t>(got));
  return text.starts_with("\177ELF") && text.find(stamp) != text.npos;
}

}  // namespace

Plugin* find_plugin(BuiltIns plugins, std::string_view name) {
  const auto found = std::ranges::find(plugins, name, [](Plugin* each) { return each->name(); });
  return found == plugins.end() ? nullptr : *found;
}

Plugin* find_built_in(BuiltIns built_ins, const std::string& executable) {
  const std::string_view name = std::string_view(executable).substr(executable.rfind('/') + 1);
  Plugin* const plugin = find_plugin(built_ins, name);
  if (plugin == nullptr) return nullptr;
  // With the NUL at its end: version 0.1 is not 0.10.
  const std::string stamp = format("netctl-plugins {}", NETCTL_VERSION) + '\0';
  return has_stamp(executable, stamp) ? plugin : nullptr;
}

}  // namespace netctl::cni

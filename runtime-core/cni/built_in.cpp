#include "runtime-core/cni/built_in.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/cni/plugin.hpp"

namespace netctl::cni {
namespace {

// Linkers put notes before everything else that is loaded, right behind the program headers.
constexpr std::size_t kStampWithin = 4096;

constexpr std::string_view kStampBegins = "netctl-plugin ";

// How the file begins, where it is one that could be executed; otherwise nothing.
std::string beginning_of(const std::string& executable) {
  const UniqueFd file(::open(executable.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return "";
  if (!S_ISREG(info.st_mode) || (info.st_mode & 0111) == 0) return "";
  std::string beginning(kStampWithin, '\0');
  const ssize_t got = ::read(file.get(), beginning.data(), beginning.size());
  beginning.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return beginning.starts_with("\177ELF") ? beginning : "";
}

}  // namespace

std::string_view own_version() { return NETCTL_VERSION; }

std::vector<Stamp> stamps_of(const std::string& executable) {
  const std::string text = beginning_of(executable);
  std::vector<Stamp> stamps;
  for (auto at = text.find(kStampBegins); at != text.npos; at = text.find(kStampBegins, at)) {
    at += kStampBegins.size();
    // With the NUL at its end: version 0.1 is not 0.10.
    const auto end = text.find('\0', at);
    if (end == text.npos) break;
    const std::string words = text.substr(at, end - at);
    const auto space = words.rfind(' ');
    if (space != words.npos) stamps.push_back({words.substr(0, space), words.substr(space + 1)});
  }
  return stamps;
}

Plugin* find_built_in(BuiltIns built_ins, const std::string& executable) {
  const std::string_view name = std::string_view(executable).substr(executable.rfind('/') + 1);
  const auto plugin = std::ranges::find(built_ins, name, [](Plugin* each) { return each->name(); });
  if (plugin == built_ins.end()) return nullptr;
  const Stamp wanted{std::string(name), NETCTL_VERSION};
  const std::vector<Stamp> stamps = stamps_of(executable);
  return std::ranges::find(stamps, wanted) == stamps.end() ? nullptr : *plugin;
}

}  // namespace netctl::cni

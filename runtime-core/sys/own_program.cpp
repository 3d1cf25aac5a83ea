#include "runtime-core/sys/own_program.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/mount_api.hpp"

namespace netctl::sys {
namespace {

constexpr const char* kSelf = "/proc/self/exe";
// The file's path, for the program that was started over: it has none itself.
constexpr const char* kPathVariable = "NETCTL_PROGRAM";

Result<bool> is_sealed() {
  struct statvfs info {};
  if (::statvfs(kSelf, &info) != 0) return system_error(errno, "look at the program's own file");
  return (info.f_flag & ST_RDONLY) != 0;
}

}  // namespace

std::string own_program_path() {
  const char* told = std::getenv(kPathVariable);
  if (told && *told) {
    if (const auto sealed = is_sealed(); sealed && *sealed) return told;
  }
  std::error_code error;
  return std::filesystem::read_symlink(kSelf, error).string();
}

Status seal_own_program() {
  if (TRY(is_sealed())) return ok();
  std::string text = TRY(read_file("/proc/self/cmdline"));
  std::vector<char*> arguments;
  for (std::size_t at = 0; at < text.size(); at = text.find('\0', at) + 1) {
    arguments.push_back(text.data() + at);
  }
  arguments.push_back(nullptr);
  const UniqueFd program = TRY(copy_mount(AT_FDCWD, kSelf, false));
  TRY(change_mount(program.get(), {.set = kReadOnly}, false));
  ::setenv(kPathVariable, own_program_path().c_str(), 1);
  ::execveat(program.get(), "", arguments.data(), environ, AT_EMPTY_PATH);
  return system_error(errno, "start over from a read-only mount of the program");
}

}  // namespace netctl::sys

#include "runtime-core/sys/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime-core/base/log.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::sys {
namespace {

std::string file_of(std::string_view path) { return format("/proc/sys/{}", path); }

}  // namespace

Result<std::optional<std::string>> find_sysctl(std::string_view path) {
  auto value = TRY(find_file(file_of(path)));
  if (value && value->ends_with('\n')) value->pop_back();
  return value;
}

Result<std::optional<std::string>> set_sysctl(std::string_view path, std::string_view value) {
  auto old = TRY(find_sysctl(path));
  if (!old) return fail(Errc::NotFound, "the kernel has no {}", file_of(path));
  if (*old == value) return std::optional<std::string>();

  log::debug("sysctl {} = {} (was {})", path, value, *old);
  const std::string file = file_of(path);
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return system_error(errno, format("open {}", file));
  if (::write(fd.get(), value.data(), value.size()) < 0) {
    return system_error(errno, format("write \"{}\" to {}", value, file));
  }
  return old;
}

}  // namespace netctl::sys

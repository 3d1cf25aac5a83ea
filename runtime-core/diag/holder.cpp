#include "runtime-core/diag/holder.hpp"

#include <system_error>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "runtime-core/base/format.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::diag {
namespace {

std::optional<int> parse_pid(std::string_view name) {
  int pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

// A process that ends while it is looked at, or may not be looked at, has nothing.
bool has_open(int pid, const std::string& wanted) {
  const std::string directory = format("/proc/{}/fd/", pid);
  const auto names = sys::list_directory(directory).value_or({});
  return std::ranges::any_of(names, [&](const std::string& name) {
    std::error_code error;
    return std::filesystem::read_symlink(directory + name, error) == wanted;
  });
}

std::string program_of(int pid) {
  std::string name = sys::read_file(format("/proc/{}/comm", pid)).value_or("");
  std::erase(name, '\n');
  return name;
}

}  // namespace

std::optional<Holder> find_holder(std::uint64_t socket_inode) {
  const std::string wanted = format("socket:[{}]", socket_inode);
  for (const std::string& name : sys::list_directory("/proc").value_or({})) {
    const auto pid = parse_pid(name);
    if (pid && has_open(*pid, wanted)) return Holder{.pid = *pid, .program = program_of(*pid)};
  }
  return std::nullopt;
}

}  // namespace netctl::diag

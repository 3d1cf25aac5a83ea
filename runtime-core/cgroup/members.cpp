#include "runtime-core/cgroup/members.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/cgroup/values.hpp"
#include "runtime-core/sys/child.hpp"

namespace netctl::cgroup {

Status list_groups(const std::string& directory, std::vector<std::string>& groups) {
  ErrorList errors;
  std::error_code error;
  std::error_code none;  // what cannot be looked at is no group
  // Not by a range, whose step would throw.
  for (std::filesystem::directory_iterator each(directory, error), end; !error && each != end;
       each.increment(error)) {
    if (each->is_directory(none) && !each->is_symlink(none)) {
      errors.keep(list_groups(each->path().string(), groups));
    }
  }
  if (error && error.value() != ENOENT) {
    errors.add(system_error(error.value(), "list the cgroup " + directory));
  }
  groups.push_back(directory);
  return errors.status();
}

bool is_gone(const std::string& directory) {
  return ::access(directory.c_str(), F_OK) != 0 && errno == ENOENT;
}

std::vector<std::string> groups_in(const std::string& directory) {
  std::vector<std::string> groups;
  if (!is_gone(directory)) (void)list_groups(directory, groups);
  return groups;
}

Status add_members(const std::string& directory, std::vector<pid_t>& members) {
  const auto text = find_value(directory + "/cgroup.procs");
  // The processes of a threaded group (cgroups(7)) are listed in one above it.
  if (!text && text.error().code == Errc::NotSupported) return ok();
  if (!text) return text.error();
  if (!*text) return ok();
  for (std::string_view rest = **text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (const auto pid = parse_number(rest.substr(0, end))) {
      members.push_back(static_cast<pid_t>(*pid));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return ok();
}

Result<std::vector<UniqueFd>> open_members(const std::vector<std::string>& groups) {
  constexpr std::size_t kAtATime = 256;
  std::vector<pid_t> members;
  for (const std::string& group : groups) TRY(add_members(group, members));
  std::vector<std::pair<pid_t, UniqueFd>> opened;
  for (const pid_t pid : members) {
    if (opened.size() == kAtATime) break;
    auto pidfd = sys::open_pidfd(pid);
    if (pidfd) {
      opened.emplace_back(pid, std::move(pidfd).value());
    } else if (pidfd.error().code != Errc::NotFound && opened.empty()) {
      return pidfd.error();
    }
  }
  // A number may have come to mean another process before it was opened. One that is a member's
  // still means the one that is open.
  members.clear();
  for (const std::string& group : groups) TRY(add_members(group, members));
  std::vector<UniqueFd> found;
  for (auto& [pid, pidfd] : opened) {
    if (std::ranges::find(members, pid) != members.end()) found.push_back(std::move(pidfd));
  }
  return found;
}

}  // namespace netctl::cgroup

#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Who is in cgroups, by their directories. Used by group.cpp.
namespace netctl::cgroup {

// What cannot be looked at is not gone: it would be left behind.
bool is_gone(const std::string& directory);

// Adds the groups below a directory and itself, deepest first. Goes on past what cannot be listed.
Status list_groups(const std::string& directory, std::vector<std::string>& groups);
// The same, none where the directory is gone. One that cannot be listed shows when it cannot be
// removed.
std::vector<std::string> groups_in(const std::string& directory);

// Adds those of one group, as numbers.
Status add_members(const std::string& directory, std::vector<pid_t>& members);
// Those of these groups, as descriptors; so many of them as are waited for at a time. An error when
// nobody could be opened for another reason than that he is gone.
Result<std::vector<UniqueFd>> open_members(const std::vector<std::string>& groups);

}  // namespace netctl::cgroup

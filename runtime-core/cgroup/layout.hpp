#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

// Which cgroup hierarchies this machine has (cgroups(7)): one of version 2, several of version 1,
// or both ("hybrid").
namespace netctl::cgroup {

struct Hierarchy {
  int version = 2;
  std::vector<std::string> controllers{};  // of version 1 several may share one hierarchy
  std::string mount_point{};
  bool operator==(const Hierarchy&) const = default;
};

struct Layout {
  std::vector<Hierarchy> hierarchies{};

  // Where a controller is; nullptr: nowhere.
  const Hierarchy* find(std::string_view controller) const;
  const Hierarchy* unified() const;  // the hierarchy of version 2, with or without controllers
  int version_of(std::string_view controller) const;  // 0: nowhere
};

// From the text of /proc/self/mountinfo. Named hierarchies (systemd's) hold no controllers and are
// left out; of one that is mounted twice the first counts. Controllers of version 2 are not in it.
Layout parse_layout(std::string_view mountinfo);

// This machine's, with the controllers of version 2 from its cgroup.controllers. NotFound: none is
// mounted. NotSupported: some are, and another mount hides them.
Result<Layout> own_layout();

}  // namespace netctl::cgroup

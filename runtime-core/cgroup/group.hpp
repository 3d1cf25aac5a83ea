#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/cgroup/layout.hpp"
#include "runtime-core/cgroup/resources.hpp"

namespace netctl::cgroup {

// What a group has used, and may. What the machine does not count is missing.
struct Statistics {
  std::optional<std::uint64_t> cpu_ns{};
  std::optional<std::uint64_t> throttled_periods{};
  std::optional<std::uint64_t> memory{};  // bytes
  std::optional<std::uint64_t> memory_limit{};
  std::optional<std::uint64_t> oom_kills{};
  std::optional<std::uint64_t> pids{};
  std::optional<std::uint64_t> pids_limit{};
  std::optional<std::uint64_t> read_bytes{};
  std::optional<std::uint64_t> written_bytes{};
};

// What a process puts itself into a group with. One that does so by itself, and has one thread,
// goes at once; to move another one the kernel first makes all processes of the machine refrain
// from forking and ending, which takes it a grace period of RCU, 10 ms and more
// (cgroup_procs_write_start(), kernel/cgroup/cgroup.c).
class Entrance {
 public:
  // In every hierarchy; not again in that of version 2 if it was born there. Once: nothing is left
  // open of it, and a program that follows finds no way in.
  Status enter(bool born_in_unified);

 private:
  friend class Group;
  struct Door {
    std::string path{};
    int version = 0;
    UniqueFd file{};
  };
  std::vector<Door> doors_{};
};

// A group of one path in every hierarchy. It is nothing but its directories, so it can be named
// again by anybody who knows the path.
class Group {
 public:
  // `path` is below each mount point: "/netctl/<id>".
  Group(Layout layout, std::string path) : layout_(std::move(layout)), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  const Layout& layout() const { return layout_; }

  // Makes the directories. One that is there already is used when nobody is in it. Of version 2 the
  // controllers are handed down from level to level.
  Status create();
  // Whether there is anything left of it.
  bool exists() const;

  // Its directory in version 2, for a process that is to be born in it; nothing without version 2.
  std::optional<UniqueFd> open_unified() const;
  // May be used by any child of the process that opened it, in whatever namespaces it is by then.
  Result<Entrance> open_entrance() const;

  Status apply(const Resources& resources) const;
  Statistics statistics() const;

  Result<std::vector<pid_t>> members() const;  // of groups below it as well
  // Returns when all members stand still, or run again. In a group that is gone nobody stands
  // still.
  Status set_frozen(bool frozen) const;
  Result<bool> is_frozen() const;
  // SIGKILL to all members, those below it included, also where they fork meanwhile or are frozen.
  Status kill() const;
  // Removes its directories with all below it: waits, up to a few seconds, for members that are on
  // their way out. Already gone is success.
  Status remove() const;

  std::string directory_in(const Hierarchy& hierarchy) const;
  std::string directory_of(std::string_view controller) const;  // empty: nowhere

 private:
  Status write(const Write& write) const;
  Status kill_one_by_one() const;
  Layout layout_;
  std::string path_;
};

}  // namespace netctl::cgroup

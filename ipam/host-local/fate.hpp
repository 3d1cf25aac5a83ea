#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "ipam/host-local/tag.hpp"

namespace netctl::host_local {

// What became of the namespace that a reservation was made for.
enum class Fate {
  Unknown,  // the reservation does not say, or it cannot be judged from this mount namespace
  Alive,    // its path leads to it, or a process is in it
  Missing,  // neither, but something else may keep it: an open file, a mount that we do not know
  Gone      // neither, and its path was what kept it
};

// Tells the fate of namespaces, as seen from where this process is. Looks at processes at most
// once, and only when a path does not lead where it did.
class FateTeller {
 public:
  Fate fate_of(const Tag& tag);

 private:
  using Identity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

  std::uint64_t own_mounts();
  void look_at_processes();

  std::optional<std::uint64_t> own_mounts_{};
  bool looked_ = false;
  bool sees_all_ = false;           // every process could be looked at
  std::set<Identity> inhabited_{};  // namespaces with a process in them
};

}  // namespace netctl::host_local

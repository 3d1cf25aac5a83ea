#pragma once

#include <vector>

#include "runtime-core/cgroup/group.hpp"
#include "runtime-core/container/channel.hpp"
#include "runtime-core/container/launch.hpp"
#include "runtime-core/container/seccomp.hpp"
#include "runtime-core/container/spec.hpp"

namespace netctl::container {

// All that the new process needs, made before it is born.
struct Inside {
  const Spec& spec;
  LaunchOptions options{};
  std::vector<ns::Opened> joined{};  // besides user, pid and time
  std::vector<rootfs::CgroupDirectory> cgroups{};
  FilterProgram filter{};  // empty: none
  cgroup::Entrance entrance{};
  bool in_cgroup = false;  // of version 2, by birth
  // For another user namespace than ours, from which paths of the host may be out of reach: copies
  // of the root, and of what each mount of the spec binds (none for other mounts). A root of layers
  // comes with the word that lets it go on, when the user namespace has its maps.
  UniqueFd root{};
  bool has_layers = false;  // which are mounted in `root`
  std::vector<UniqueFd> sources{};
};

// Of a mount namespace of one's own: nothing that is mounted there reaches the host.
Status cut_off_mounts();

// The life of a container's first process, from its birth to the program; it never comes back.
[[noreturn]] void become_container(Inside& inside, const Channel& channel) noexcept;

}  // namespace netctl::container

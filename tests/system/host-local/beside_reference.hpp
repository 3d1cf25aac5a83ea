#pragma once

// Our plugin and the reference plugin on one store.
namespace netctl::host_local {

inline constexpr const char* kReference = "/usr/lib/cni/host-local";
inline constexpr const char* kStore = "/run/data/net";

enum class Who { Ours, Theirs };

}  // namespace netctl::host_local

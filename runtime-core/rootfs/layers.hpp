#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/rootfs/root.hpp"

// Layers as a root file system: overlayfs, as a mount of type "overlay" whose destination is "/".
namespace netctl::rootfs {

// What the options of an overlay name, without the escapes that mount(2) wants.
struct Layers {
  std::vector<std::string> lower{};  // topmost first
  std::string upper{};               // empty: nothing can be written
  bool operator==(const Layers&) const = default;
};
Layers layers_in(const std::vector<std::string>& options);

// nullptr when the root is a plain directory.
const Mount* find_layers(const std::vector<Mount>& mounts);

// Mounts them on the directory `place`.
Status mount_layers(const Mount& overlay, const std::string& place);

// Mounts them for a container in `user_namespace`: what belongs to the user n in a lower layer
// belongs to the user n of the namespace, and on disk stays as it is (mount_setattr(2), ID-mapped
// mounts; Linux 5.19 for overlayfs). What is written is in the upper layer, with the ids of the
// host. Gives the mount, detached. It leaves mounts behind in this mount namespace, which is to be
// one that ends soon after; NotSupported where the file system of a layer cannot map ids.
Result<UniqueFd> mount_mapped_layers(const Mount& overlay, const std::string& place,
                                     int user_namespace);

}  // namespace netctl::rootfs

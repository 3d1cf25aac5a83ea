#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/sys/mount_api.hpp"

// Mount options as the OCI runtime specification lists them (config.md, "Linux mount options").
namespace netctl::rootfs {

struct MountOptions {
  bool bind = false;
  bool recursive = false;             // rbind
  bool copy_up = false;               // tmpcopyup
  sys::MountChange mount{};           // this mount's attributes and propagation
  sys::MountChange all{};             // those of everything below it as well (rro, rnosuid …)
  std::uint64_t propagation_all = 0;  // rprivate, rslave …
  std::vector<std::string> data{};    // the file system's own, and those of its superblock
};

// A word that is none of ours is the file system's. A bind mount has none of those: they are
// refused, and so is "remount".
Result<MountOptions> parse_mount_options(const std::vector<std::string>& words);

}  // namespace netctl::rootfs

#pragma once

#include "runtime-core/base/result.hpp"

namespace netctl::rootfs {

// Copies what is in one directory into another, by descriptors: files, directories, links and
// nodes, with owners, modes and times. It does not leave the file system of `from`.
Status copy_tree(int from, int to);

}  // namespace netctl::rootfs

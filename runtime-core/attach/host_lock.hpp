#pragma once

#include <optional>
#include <string>

#include "runtime-core/base/result.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::attach {

// The lock between those who connect something to a device of the host and those who remove a
// device that nobody uses: shared for the former, exclusive for the latter. It lies on the network
// namespace itself (flock(2) on its nsfs file), so it needs no file, covers exactly the host it
// protects, and is released by the kernel when its holder dies. Held for microseconds; by those who
// change rules of iptables-legacy, for as long as its program runs. A `socket` of the host's can be
// told, as in sys::open_own_netns().
Result<sys::FileLock> lock_host(sys::Lock kind, std::optional<int> socket = {});

// The same on the namespace at `path`, exclusive: between those who look at what a container has
// and add to it, because a runtime may attach it to several networks at once.
Result<sys::FileLock> lock_netns(const std::string& path);

}  // namespace netctl::attach

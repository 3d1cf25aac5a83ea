#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace netctl::diag {

// A process that has a socket open.
struct Holder {
  int pid = 0;
  std::string program{};  // at most 15 bytes (/proc/PID/comm)
};

// Looks through /proc/*/fd, so ask only when there is something to tell. Nothing when no process
// has it, or none that can be seen from here.
std::optional<Holder> find_holder(std::uint64_t socket_inode);

}  // namespace netctl::diag

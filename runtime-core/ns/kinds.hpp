#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Namespaces of all eight kinds (namespaces(7)).
namespace netctl::ns {

enum class Kind { Cgroup, Ipc, Mount, Network, Pid, Time, User, Uts };
// In the order in which they are entered: the mount namespace last, since it changes all paths.
inline constexpr std::array kAllKinds{Kind::User, Kind::Cgroup,  Kind::Ipc, Kind::Uts,
                                      Kind::Time, Kind::Network, Kind::Pid, Kind::Mount};

std::uint64_t clone_flag(Kind kind);    // CLONE_NEW…
std::string_view file_name(Kind kind);  // below /proc/PID/ns: "net"
std::string_view oci_name(Kind kind);   // as OCI's config has it: "network"
std::string path_of_process(Kind kind, pid_t pid);
// By the name of its file, or as OCI's config has it ("network", "mount").
Result<Kind> parse_kind(std::string_view text);

// A namespace of that kind at a path; one of another kind is refused.
Result<UniqueFd> open_kind(Kind kind, const std::string& path);
// Whether the path is of the namespace that this process is in.
Result<bool> is_own(Kind kind, const std::string& path);

struct Opened {
  Kind kind = Kind::Network;
  UniqueFd fd{};
};
// Puts this process into them: first those that its own rights reach, then the user namespace, then
// those that the rights in there reach. Of pid namespaces only children born afterwards are inside.
Status enter_all(const std::vector<Opened>& namespaces);

// Has the children born while it lives in other pid and time namespaces than this process.
class ForChildren {
 public:
  ForChildren() = default;
  ForChildren(ForChildren&&) noexcept = default;
  ForChildren& operator=(ForChildren&&) = delete;
  ~ForChildren();
  Status enter(Kind kind, int fd);  // Pid or Time
  // A new time namespace whose clocks are ahead by these (time_namespaces(7)), in nanoseconds.
  Status new_time(std::int64_t monotonic, std::int64_t boottime);

 private:
  Status remember(Kind kind);
  std::vector<Opened> home_;
};

}  // namespace netctl::ns

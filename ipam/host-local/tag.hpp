#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What a reservation says besides its owner, so that one whose container is gone can be told from
// one that is in use. It is kept beside the file's content, which is the reference plugin's: in the
// extended attribute kTagName. getfattr(1) shows it:
//
//   boot=5c4d… mounts=4026531832 netns=4:4026532281 pinned=1 path=/run/netns/web
namespace netctl::host_local {

inline constexpr const char* kTagName = "user.netctl";
// What tells this boot from others (random(4)).
inline constexpr const char* kBootIdFile = "/proc/sys/kernel/random/boot_id";

// A network namespace as it was seen from a mount namespace.
struct NetnsSighting {
  std::uint64_t mounts = 0;  // inode of the mount namespace that `path` was looked up in
  std::uint64_t device = 0;  // of the namespace's file, with `inode`: who it is
  std::uint64_t inode = 0;
  // Whether the path itself keeps the namespace: a file that it is mounted on. Otherwise the path
  // leads through a process or a symbolic link, and may end before the namespace does.
  bool pinned = false;
  std::string path{};
  bool operator==(const NetnsSighting&) const = default;
};

struct Tag {
  std::string boot{};  // the kernel's id of the boot that the reservation was made in
  std::optional<NetnsSighting> netns{};
  bool operator==(const Tag&) const = default;
};

std::string to_text(const Tag& tag);
// Nothing when the text is not a whole tag: a reservation with such a one counts as untagged.
std::optional<Tag> parse_tag(std::string_view text);

// The id in the file, kBootIdFile but in tests; empty when it cannot be read. Nobody
// is then known to be of another boot.
std::string read_boot_id(const std::string& path);

// Looks at the namespace now; nothing when the path does not lead to one or is not absolute.
std::optional<NetnsSighting> sight_netns(const std::string& path);

}  // namespace netctl::host_local

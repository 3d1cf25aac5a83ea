#include "ipam/host-local/tag.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <charconv>

#include "runtime-core/base/format.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {
namespace {

// A longer one does not fit into an attribute everywhere; the tag is then of the boot alone.
constexpr std::size_t kMaxPath = 1024;

// Takes "<key>=<value>" and one blank off the front of the text. The value of the last key, which
// may hold blanks, is the rest.
std::optional<std::string_view> take(std::string_view& text, std::string_view key, bool last) {
  if (!text.starts_with(key) || text.substr(key.size(), 1) != "=") return std::nullopt;
  text.remove_prefix(key.size() + 1);
  const auto end = last ? text.npos : text.find(' ');
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  if (value.empty()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<NetnsSighting> parse_sighting(std::string_view text) {
  const auto mounts = take(text, "mounts", false);
  const auto netns = take(text, "netns", false);
  const auto pinned = take(text, "pinned", false);
  const auto path = take(text, "path", true);
  if (!mounts || !netns || !pinned || !path) return std::nullopt;
  const auto colon = netns->find(':');
  if (colon == netns->npos) return std::nullopt;
  const auto mount_inode = number(*mounts);
  const auto device = number(netns->substr(0, colon));
  const auto inode = number(netns->substr(colon + 1));
  const auto is_pinned = number(*pinned);
  if (!mount_inode || !device || !inode || !is_pinned) return std::nullopt;
  return NetnsSighting{.mounts = *mount_inode,
                       .device = *device,
                       .inode = *inode,
                       .pinned = *is_pinned != 0,
                       .path = std::string(*path)};
}

}  // namespace

std::string to_text(const Tag& tag) {
  std::string text = format("boot={}", tag.boot);
  if (const auto& netns = tag.netns) {
    text += format(" mounts={} netns={}:{} pinned={} path={}", netns->mounts, netns->device,
                   netns->inode, netns->pinned ? 1 : 0, netns->path);
  }
  return text;
}

std::optional<Tag> parse_tag(std::string_view text) {
  const auto boot = take(text, "boot", false);
  if (!boot) return std::nullopt;
  Tag tag{.boot = std::string(*boot)};
  if (text.empty()) return tag;
  tag.netns = parse_sighting(text);
  if (!tag.netns) return std::nullopt;
  return tag;
}

std::string read_boot_id(const std::string& path) {
  const auto text = sys::find_file(path, 64);
  if (!text || !*text) return "";
  return (*text)->substr(0, (*text)->find_first_of(" \n"));
}

std::optional<NetnsSighting> sight_netns(const std::string& path) {
  struct stat place {};
  struct stat netns {};
  struct stat mounts {};
  if (!path.starts_with('/') || path.size() > kMaxPath) return std::nullopt;
  if (::lstat(path.c_str(), &place) != 0 || ::stat(path.c_str(), &netns) != 0) return std::nullopt;
  if (::stat("/proc/self/ns/mnt", &mounts) != 0) return std::nullopt;
  // Files in /proc/<pid> live and die with the process.
  const bool pinned = S_ISREG(place.st_mode) && !path.starts_with("/proc/");
  return NetnsSighting{.mounts = mounts.st_ino,
                       .device = netns.st_dev,
                       .inode = netns.st_ino,
                       .pinned = pinned,
                       .path = path};
}

}  // namespace netctl::host_local

#include "runtime-core/rootfs/layers.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "runtime-core/rootfs/mount_options.hpp"
#include "runtime-core/sys/mount_api.hpp"

namespace netctl::rootfs {
namespace {

constexpr std::string_view kLower = "lowerdir=";
constexpr std::string_view kUpper = "upperdir=";

// Paths with colons between them; what a backslash is before is part of a path.
std::vector<std::string> paths_in(std::string_view text) {
  std::vector<std::string> paths(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':') {
      paths.emplace_back();
      continue;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    paths.back() += text[i];
  }
  return paths;
}

// Covers the layer by a copy of itself that maps ids, and gives that.
Result<UniqueFd> map_layer(const std::string& layer, int user_namespace) {
  const UniqueFd place(::open(layer.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return system_error(errno, format("layer {}", layer));
  UniqueFd copy = TRY(sys::copy_mount(place.get(), "", false).context("layer {}", layer));
  const sys::MountChange map{.set = sys::kIdMap, .id_map = user_namespace};
  if (const auto mapped = sys::change_mount(copy.get(), map, false); !mapped) {
    return fail(Errc::NotSupported,
                "layer {}: its file system cannot map ids for a user namespace (ext4, xfs and "
                "btrfs can, tmpfs since Linux 6.3): move it to one that can, or use --rootfs",
                layer);
  }
  TRY(sys::attach_mount(copy.get(), place.get()).context("layer {}", layer));
  return copy;
}

}  // namespace

Layers layers_in(const std::vector<std::string>& options) {
  Layers layers;
  for (const std::string_view option : options) {
    if (option.starts_with(kLower)) layers.lower = paths_in(option.substr(kLower.size()));
    if (option.starts_with(kUpper)) layers.upper = paths_in(option.substr(kUpper.size())).front();
  }
  return layers;
}

const Mount* find_layers(const std::vector<Mount>& mounts) {
  const auto found = std::ranges::find_if(mounts, [](const Mount& each) {
    return each.type == "overlay" && each.destination.find_first_not_of("/.") == std::string::npos;
  });
  return found == mounts.end() ? nullptr : &*found;
}

Status mount_layers(const Mount& overlay, const std::string& place) {
  const MountOptions options = TRY(parse_mount_options(overlay.options));
  const std::string data = joined(options.data, ",");
  // mount(2): the new interface takes no more than 256 bytes for all layers before Linux 6.8.
  if (::mount("overlay", place.c_str(), "overlay", 0, data.c_str()) == 0) return ok();
  return system_error(errno, "mount the layers");
}

Result<UniqueFd> mount_mapped_layers(const Mount& overlay, const std::string& place,
                                     int user_namespace) {
  const Layers layers = layers_in(overlay.options);
  UniqueFd topmost;
  for (auto layer = layers.lower.rbegin(); layer != layers.lower.rend(); ++layer) {
    topmost = TRY(map_layer(*layer, user_namespace));
  }
  // Its root directory has the owner that the topmost layer's has, seen through the map.
  struct stat info {};
  if (topmost && !layers.upper.empty() &&
      (::fstat(topmost.get(), &info) != 0 ||
       ::chown(layers.upper.c_str(), info.st_uid, info.st_gid) != 0)) {
    return system_error(errno, format("give {} to its owner", layers.upper));
  }
  TRY(mount_layers(overlay, place)
          .context("layers in a user namespace, which takes Linux 5.19 or newer"));
  return Root::copy_of(place, false);
}

}  // namespace netctl::rootfs

#include "runtime-core/cgroup/layout.hpp"

#include <algorithm>
#include <cstdlib>

#include "runtime-core/sys/files.hpp"

namespace netctl::cgroup {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// The kernel writes space, tab, newline and backslash of a path as \ooo.
std::string unescaped(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      path += text[i];
      continue;
    }
    path += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 3)).c_str(), nullptr, 8));
    i += 3;
  }
  return path;
}

// What follows "cgroup" among the superblock's options of version 1: controllers and mount options.
constexpr std::string_view kControllers[] = {
    "blkio",  "cpu",  "cpuacct", "cpuset",   "devices",    "freezer", "hugetlb",
    "memory", "misc", "net_cls", "net_prio", "perf_event", "pids",    "rdma"};

std::vector<std::string> controllers_in(std::string_view options) {
  std::vector<std::string> found;
  for (const std::string_view option : split(options, ',')) {
    if (std::ranges::find(kControllers, option) != std::end(kControllers)) {
      found.emplace_back(option);
    }
  }
  return found;
}

void add(Layout& layout, Hierarchy hierarchy) {
  for (const Hierarchy& known : layout.hierarchies) {
    if (known.version == hierarchy.version && known.controllers == hierarchy.controllers) return;
  }
  layout.hierarchies.push_back(std::move(hierarchy));
}

}  // namespace

const Hierarchy* Layout::find(std::string_view controller) const {
  const auto found = std::ranges::find_if(hierarchies, [&](const Hierarchy& each) {
    return std::ranges::find(each.controllers, controller) != each.controllers.end();
  });
  return found == hierarchies.end() ? nullptr : &*found;
}

const Hierarchy* Layout::unified() const {
  const auto found = std::ranges::find(hierarchies, 2, &Hierarchy::version);
  return found == hierarchies.end() ? nullptr : &*found;
}

int Layout::version_of(std::string_view controller) const {
  const Hierarchy* hierarchy = find(controller);
  return hierarchy ? hierarchy->version : 0;
}

Layout parse_layout(std::string_view mountinfo) {
  Layout layout;
  for (const std::string_view line : split(mountinfo, '\n')) {
    // id parent major:minor root mount-point options … - type source superblock-options
    const auto dash = line.find(" - ");
    if (dash == line.npos) continue;
    const auto before = split(line.substr(0, dash), ' ');
    const auto behind = split(line.substr(dash + 3), ' ');
    if (before.size() < 6 || behind.size() < 3) continue;
    std::string mount_point = unescaped(before[4]);
    if (behind[0] == "cgroup2") {
      add(layout, {.version = 2, .controllers = {}, .mount_point = std::move(mount_point)});
    } else if (behind[0] == "cgroup") {
      auto controllers = controllers_in(behind[2]);
      if (controllers.empty()) continue;
      add(layout, {.version = 1,
                   .controllers = std::move(controllers),
                   .mount_point = std::move(mount_point)});
    }
  }
  return layout;
}

Result<Layout> own_layout() {
  Layout layout = parse_layout(TRY(sys::read_file("/proc/self/mountinfo")));
  if (layout.hierarchies.empty()) {
    return fail(Errc::NotFound,
                "no cgroups are mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup gives them");
  }
  for (Hierarchy& each : layout.hierarchies) {
    if (!TRY(sys::exists(each.mount_point + "/cgroup.procs"))) {
      return fail(Errc::NotSupported,
                  "the cgroups in {} are hidden by another mount, as that of `ip netns exec` on "
                  "/sys: `netctl ns exec` makes none",
                  each.mount_point);
    }
    if (each.version != 2) continue;
    std::string text = TRY(sys::read_file(each.mount_point + "/cgroup.controllers"));
    if (text.ends_with('\n')) text.pop_back();
    for (const std::string_view name : split(text, ' ')) each.controllers.emplace_back(name);
  }
  return layout;
}

}  // namespace netctl::cgroup

#include "tests/support/own_cgroups.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime-core/base/format.hpp"

namespace netctl::test {
namespace {

namespace fs = std::filesystem;

std::string first_line(const std::string& file) {
  std::ifstream content(file);
  std::string line;
  std::getline(content, line);
  return line;
}

std::string part_of(const std::string& root) {
  return format("{}/netctl-test.{}", root, ::getpid());
}

// The mount points of hierarchies with controllers, from /proc/self/mounts.
std::vector<std::string> mounted_hierarchies() {
  std::vector<std::string> roots;
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string source;
    std::string root;
    std::string type;
    words >> source >> root >> type;
    if (type != "cgroup" && type != "cgroup2") continue;
    if (std::ranges::find(roots, root) == roots.end()) roots.push_back(root);
  }
  return roots;
}

// Version 1: a new cpuset is empty, and takes no process. Version 2: a group has the controllers
// that the one above it gives.
void make_usable(const std::string& root, const std::string& part) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    if (fs::exists(root + "/cgroup.clone_children") && fs::exists(root + file)) {
      std::ofstream(part + file) << first_line(root + file);
    }
  }
  std::istringstream controllers(first_line(root + "/cgroup.controllers"));
  for (std::string each; controllers >> each;) {
    std::ofstream(root + "/cgroup.subtree_control") << "+" << each;
  }
}

// Those below a directory, deepest first.
void add_groups(const std::string& directory, std::vector<std::string>& groups) {
  for (const auto& each : fs::directory_iterator(directory)) {
    if (!each.is_directory()) continue;
    add_groups(each.path(), groups);
    groups.push_back(each.path());
  }
}

}  // namespace

OwnCgroups::OwnCgroups() {
  for (const std::string& root : mounted_hierarchies()) {
    const std::string part = part_of(root);
    if (::mkdir(part.c_str(), 0755) != 0) continue;
    make_usable(root, part);
    if (::mount(part.c_str(), root.c_str(), nullptr, MS_BIND, nullptr) == 0) {
      roots_.push_back(root);
    } else {
      ::rmdir(part.c_str());
    }
  }
}

OwnCgroups::~OwnCgroups() {
  for (const std::string& root : roots_) {
    std::vector<std::string> groups;
    add_groups(root, groups);
    for (const std::string& group : groups) ::rmdir(group.c_str());
    ::umount2(root.c_str(), MNT_DETACH);
    ::rmdir(part_of(root).c_str());
  }
}

std::string OwnCgroups::list() const {
  std::string text;
  for (const std::string& root : roots_) {
    std::vector<std::string> groups;
    add_groups(root, groups);
    std::erase(groups, root + "/netctl");  // stays, empty, once it was made
    for (const std::string& group : groups) text += group + "\n";
  }
  return text;
}

}  // namespace netctl::test

#include "tests/support/own_cgroups.hpp"

#include <fcntl.h>
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

std::string part_name() { return format("netctl-test.{}", ::getpid()); }

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
std::vector<std::string> groups_below(const std::string& directory) {
  std::vector<std::string> groups;
  std::error_code gone;  // a group may vanish meanwhile
  for (fs::directory_iterator each(directory, gone), end; !gone && each != end;
       each.increment(gone)) {
    std::error_code none;
    if (!each->is_directory(none)) continue;
    for (std::string& group : groups_below(each->path())) groups.push_back(std::move(group));
    groups.push_back(each->path());
  }
  return groups;
}

}  // namespace

std::string OwnCgroups::Part::path() const {
  return format("/proc/self/fd/{}/{}", parent.get(), part_name());
}

OwnCgroups::OwnCgroups() {
  for (const std::string& root : mounted_hierarchies()) {
    Part part{.root = root, .parent = UniqueFd(::open(root.c_str(), O_PATH | O_CLOEXEC))};
    if (!part.parent || (::mkdir(part.path().c_str(), 0755) != 0 && errno != EEXIST)) continue;
    make_usable(root, part.path());
    if (::mount(part.path().c_str(), root.c_str(), nullptr, MS_BIND, nullptr) == 0) {
      parts_.push_back(std::move(part));
    } else {
      ::rmdir(part.path().c_str());
    }
  }
}

OwnCgroups::~OwnCgroups() {
  for (const Part& part : parts_) {
    for (const std::string& group : groups_below(part.path())) ::rmdir(group.c_str());
    ::rmdir(part.path().c_str());
  }
}

std::string OwnCgroups::list() const {
  std::string text;
  for (const Part& part : parts_) {
    for (const std::string& group : groups_below(part.path())) {
      const std::string name = group.substr(part.path().size());
      if (name != "/netctl") text += part.root + name + "\n";  // that one stays, empty
    }
  }
  return text;
}

}  // namespace netctl::test

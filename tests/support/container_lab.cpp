#include "tests/support/container_lab.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "runtime-core/base/format.hpp"

namespace netctl::test {
namespace {

namespace fs = std::filesystem;

// Every applet by its name, as on a small system.
void make_busybox(const std::string& root, const std::string& applets) {
  for (const char* directory : {"bin", "etc", "tmp", "root", "home"}) {
    fs::create_directories(root + "/" + directory);
  }
  fs::copy_file("/bin/busybox", root + "/bin/busybox");
  std::istringstream names(applets);
  for (std::string name; names >> name;) {
    if (name != "busybox") fs::create_symlink("busybox", root + "/bin/" + name);
  }
  std::ofstream(root + "/etc/passwd") << "root:x:0:0:root:/root:/bin/sh\n"
                                         "user:x:1000:1000::/home:/bin/sh\n";
  std::ofstream(root + "/etc/group") << "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n";
}

}  // namespace

void ContainerLab::SetUp() {
  Lab::SetUp();
  if (IsSkipped()) return;
  environment["NETCTL_DATA_DIR"] = "/run/netctl-data";
  if (!fs::exists("/bin/busybox")) GTEST_SKIP() << "needs busybox-static";
  if (read("/proc/self/mountinfo").find(" - cgroup") == std::string::npos) {
    GTEST_SKIP() << "needs cgroups";
  }
  if (has_own_cgroups()) groups_.emplace();
  make_busybox(box(), run("/bin/busybox --list").out);
}

void ContainerLab::TearDown() {
  if (IsSkipped()) return;
  if (fs::exists("/run/netctl/containers") && !fs::is_empty("/run/netctl/containers")) {
    std::istringstream ids(run("netctl ps -a -q --no-trunc").out);
    for (std::string id; ids >> id;) run("netctl rm -f " + id);
  }
  groups_.reset();
}

void ContainerLab::script(const std::string& name, const std::string& text,
                          const std::string& root) {
  const std::string file = root + "/bin/" + name;
  fs::remove(file);  // an applet of that name is a link to all of them
  write(file, "#!/bin/sh\n" + text + "\n");
  ::chmod(file.c_str(), 0755);
}

void ContainerLab::write(const std::string& path, const std::string& content) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << content;
}

std::string ContainerLab::read(const std::string& path) {
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

sys::Finished ContainerLab::in_box(const std::string& line) {
  return run(format("netctl run --rootfs {} {}", box(), line));
}

std::string ContainerLab::sure_in_box(const std::string& line) {
  return sure(format("netctl run --rootfs {} {}", box(), line));
}

std::string ContainerLab::fact(const std::string& line, const std::string& name) {
  const std::string json = sure(line + " -o json");
  std::smatch match;
  if (!std::regex_search(json, match, std::regex("\"" + name + "\": \"?([^\",}\n]*)"))) return "";
  return match[1];
}

std::string ContainerLab::traces() {
  return run("find /run/netctl/containers /run/netctl/names /run/netctl-data/containers "
             "-mindepth 1")
             .out +
         run("netctl ns ls").out + run("netctl ls -q").out + (groups_ ? groups_->list() : "");
}

std::string ContainerLab::group_file(const std::string& container, const std::string& controller,
                                     const std::string& file) {
  std::istringstream lines(sure("netctl ps -a --format {{.Name}}={{.Cgroup}}"));
  for (std::string line; lines >> line;) {
    if (!line.starts_with(container + "=")) continue;
    const std::string group = line.substr(container.size() + 1);
    for (const std::string& root :
         {"/sys/fs/cgroup/" + controller, std::string("/sys/fs/cgroup")}) {
      if (fs::exists(root + group + "/" + file)) return root + group + "/" + file;
    }
  }
  return "";
}

}  // namespace netctl::test

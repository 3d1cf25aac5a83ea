#include "netctl/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "netctl/built_ins.hpp"

namespace netctl::command {
namespace {

std::vector<std::string> split_path(const std::string& text) {
  std::vector<std::string> directories;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    if (end > begin) directories.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return directories;
}

// An installation is found whole wherever it was put: P/bin/netctl and P/lib/cni.
std::string plugins_beside_netctl() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path() / "lib" / "cni").string();
}

}  // namespace

std::string environment_or(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

Settings settings_from_environment() {
  Settings settings;
  settings.config_directory = environment_or("NETCONFPATH", "/etc/cni/net.d");
  settings.state_directory = environment_or("NETCTL_CNI_STATE_DIR", "/var/lib/cni");
  settings.plugin_path = split_path(
      environment_or("CNI_PATH", format("{}:/opt/cni/bin:/usr/lib/cni", plugins_beside_netctl())));
  return settings;
}

cni::Runtime runtime(const Settings& settings) {
  return cni::Runtime({.plugin_path = settings.plugin_path,
                       .cache_directory = settings.state_directory,
                       .environment = cni::own_environment(),
                       .built_ins = built_ins()});
}

}  // namespace netctl::command

#include "netctl/networks.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "netctl/default_network.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::command {
namespace {

std::string environment_or(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

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

Settings settings_from_environment() {
  Settings settings;
  settings.config_directory = environment_or("NETCONFPATH", "/etc/cni/net.d");
  settings.state_directory = environment_or("NETCTL_CNI_STATE_DIR", "/var/lib/cni");
  settings.plugin_path = split_path(
      environment_or("CNI_PATH", format("{}:/opt/cni/bin:/usr/lib/cni", plugins_beside_netctl())));
  return settings;
}

Result<cni::NetworkConfig> find_network(const Settings& settings, const std::string& name) {
  cni::NetworkDirectory directory = TRY(cni::load_networks(settings.config_directory));
  for (const Error& broken : directory.broken) log::warn("passed over: {}", broken.message);
  std::string known;
  for (cni::NetworkConfig& network : directory.networks) {
    if (network.name == name) return std::move(network);
    known += network.name + ", ";
  }
  if (name == kDefaultNetwork) return default_network();
  return fail(Errc::NotFound, "no network \"{}\" in {}; there are: {}{}", name,
              settings.config_directory, known, kDefaultNetwork);
}

}  // namespace netctl::command

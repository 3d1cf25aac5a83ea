#include "netctl/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "netctl/progress.hpp"
#include "plugins/built_ins.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/own_program.hpp"

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

std::vector<std::string> usual_plugin_path() {
  return {own_plugin_directory(), "/opt/cni/bin", "/usr/lib/cni"};
}

}  // namespace

std::string own_plugin_directory() {
  const std::filesystem::path self = sys::own_program_path();
  const std::filesystem::path lib = self.parent_path().parent_path() / "lib";
  const std::filesystem::path installed = lib / "netctl" / "cni";
  // Where that cannot be told: others' plugins may be in the other.
  return sys::exists(installed).value_or(true) ? installed : lib / "cni";
}

std::string environment_or(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : std::move(otherwise);
}

Settings settings_from_environment() {
  Settings settings;
  settings.config_directory = environment_or("NETCONFPATH", "/etc/cni/net.d");
  settings.state_directory = environment_or("NETCTL_CNI_STATE_DIR", "/var/lib/cni");
  settings.run_directory = environment_or("NETCTL_RUN_DIR", "/run/netctl");
  settings.data_directory = environment_or("NETCTL_DATA_DIR", "/var/lib/netctl");
  const std::string plugin_path = environment_or("CNI_PATH", "");
  settings.plugin_path = plugin_path.empty() ? usual_plugin_path() : split_path(plugin_path);
  return settings;
}

cni::Runtime runtime(const Settings& settings) {
  return cni::Runtime(
      {.plugin_path = settings.plugin_path,
       .cache_directory = settings.state_directory,
       .environment = cni::own_environment(),
       .built_ins = plugins::built_ins(),
       .on_detach = [](const cni::RuntimeCall& call) { Progress::tick(call.container_id); }});
}

Changes attachment_changes(const Settings& settings) {
  return {.directories = {settings.state_directory + "/results", ns::pin_directory()},
          .links = true,
          .untold = true};
}

}  // namespace netctl::command

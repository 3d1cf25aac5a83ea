#pragma once

#include <string>
#include <vector>

#include "netctl/output.hpp"
#include "runtime-core/cni/runtime.hpp"

namespace netctl::command {

// What all subcommands share. Each has an environment variable, named here.
struct Settings {
  std::string config_directory{};  // NETCONFPATH, else /etc/cni/net.d
  std::vector<std::string>
      plugin_path{};              // CNI_PATH, else beside netctl, /opt/cni/bin, /usr/lib/cni
  std::string state_directory{};  // NETCTL_CNI_STATE_DIR, else /var/lib/cni
  std::string run_directory{};    // NETCTL_RUN_DIR, else /run/netctl: containers until the reboot
  std::string data_directory{};   // NETCTL_DATA_DIR, else /var/lib/netctl: their layers and logs
};
Settings settings_from_environment();

// An installation is found whole wherever it was put: P/bin/netctl and P/lib/netctl/cni, in a build
// directory P/lib/cni.
std::string own_plugin_directory();

// The runtime side of the protocol with these settings, our own plugins built in, and this process'
// environment for the others.
cni::Runtime runtime(const Settings& settings);

// What tells that attachments have come or gone: the result cache, pinned namespaces, interfaces.
// Nobody tells how old they are.
Changes attachment_changes(const Settings& settings);

// The variable's value, or the other text when it is not set or empty.
std::string environment_or(const char* name, std::string otherwise);

}  // namespace netctl::command

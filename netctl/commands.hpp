#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"

// The subcommands of netctl, free of how they are typed: main.cpp parses, these work. What they
// print goes to stdout; a failure comes back as the one line that the user will read.
namespace netctl::command {

// What all of them share. Each has an environment variable, named here, and a flag.
struct Settings {
  std::string config_directory{};  // NETCONFPATH, else /etc/cni/net.d
  std::vector<std::string>
      plugin_path{};              // CNI_PATH, else beside netctl, /opt/cni/bin, /usr/lib/cni
  std::string state_directory{};  // NETCTL_CNI_STATE_DIR, else /var/lib/cni
};
Settings settings_from_environment();

// One attachment: network, namespace, and what is wanted of it.
struct Attachment {
  std::string network{};
  std::string ns{};  // a pinned name, a path, or pid:N
  std::string ifname = "eth0";
  std::string container_id{};          // empty: derived from the namespace's path, as cnitool does
  std::vector<std::string> publish{};  // as parse_publish() reads them
  bool json = false;                   // print the CNI result and nothing else
};
Status add(const Settings& settings, const Attachment& wanted);
Status del(const Settings& settings, const Attachment& wanted);
Status check(const Settings& settings, const Attachment& wanted);

Status ns_add(const std::string& name);
Status ns_rm(const std::string& name);
Status ns_ls();

}  // namespace netctl::command

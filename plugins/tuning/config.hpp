#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plugins/tuning/attributes.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"

namespace netctl::tuning {

// The keys of the tuning plugin, with the reference plugin's names and meaning (docs/plugins.md).
struct Config {
  std::map<std::string, std::string> sysctl{};  // as written: "net.ipv4.conf.IFNAME.arp_filter"
  Attributes wanted{};                          // promisc is true or absent: it only turns on
};

// The config with what args.cni, the runtime and CNI_ARGS say over it, checked whole: every problem
// is in the one error.
Result<Config> parse_config(const cni::Request& request);

// "dataDir", where backups lie; the default for a config that does not say. Never fails: DEL has to
// do with whatever config it is given.
std::string backup_directory(const cni::Request& request);

// The path under /proc/sys of a key as it is written in the config: dots are slashes, and IFNAME
// is the interface's name. Only parameters under net/ are the container's own; others are refused.
Result<std::string> sysctl_path(std::string_view key, std::string_view ifname);

// A backup as the reference plugin writes it, and back.
std::string to_json(const Attributes& attributes);
Result<Attributes> parse_attributes(std::string_view json);

}  // namespace netctl::tuning

#pragma once

#include <string>
#include <vector>

#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/network_config.hpp"

namespace netctl::command {

// The networks of the config directory, in the order in which they are found. Files that cannot be
// used are named in a warning and hide nothing.
Result<std::vector<cni::NetworkConfig>> configured_networks(const Settings& settings);
// The same for who acts on what is not there: a file that cannot be read, and may hold any network,
// is an error.
Result<std::vector<cni::NetworkConfig>> all_configured_networks(const Settings& settings);

// The network of that name: a config file's, otherwise one of those that are there without any.
Result<cni::NetworkConfig> find_network(const Settings& settings, const std::string& name);

// Those of the config directory, then those that are there without any.
Result<std::vector<cni::NetworkConfig>> all_networks(const Settings& settings);

}  // namespace netctl::command

#pragma once

#include <string>

#include "netctl/commands.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/network_config.hpp"

namespace netctl::command {

// The network of that name: a config file's, otherwise the one that is there without any, "bridge".
// Config files that cannot be used are named in a warning and hide nothing.
Result<cni::NetworkConfig> find_network(const Settings& settings, const std::string& name);

}  // namespace netctl::command

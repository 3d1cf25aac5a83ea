#pragma once

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"

namespace netctl::host {

struct Config {
  bool published_ports = false;  // were asked for, and are not needed here
  cni::Dns dns{};                // runtimeConfig's, else the config's
};

// The config, checked whole. What would change the host for one container's sake is refused.
Result<Config> parse_config(const cni::Request& request);

}  // namespace netctl::host

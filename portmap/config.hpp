#pragma once

#include <vector>

#include "runtime-core/addr/port.hpp"
#include "runtime-core/attach/policy.hpp"
#include "runtime-core/attach/port_condition.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"

namespace netctl::portmap {

// The keys of portmap, with the reference plugin's names and meaning (docs/plugins.md).
struct Config {
  bool snat = true;  // connections that would not come back by themselves get the host's address
  bool masq_all = false;                               // and all others too
  std::vector<attach::PortCondition> conditions_v4{};  // what else has to hold
  std::vector<attach::PortCondition> conditions_v6{};
  attach::Policy network{};             // "gatewayModeV4", "gatewayModeV6": as the bridge's
  std::vector<PortMapping> mappings{};  // runtimeConfig.portMappings; no port twice
};

// The config, checked whole: every problem is in the one error. A key that asks for what cannot be
// done here is refused (kUnsupportedField), never passed over.
Result<Config> parse_config(const cni::Request& request);

}  // namespace netctl::portmap

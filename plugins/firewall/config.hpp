#pragma once

#include <string>

#include "runtime-core/attach/host_firewalls.hpp"
#include "runtime-core/attach/ingress.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"

namespace netctl::firewall {

// The keys of the firewall plugin, with the reference plugin's names and meaning (docs/plugins.md).
struct Config {
  attach::Backend backend = attach::Backend::Any;
  attach::IngressPolicy ingress_policy = attach::IngressPolicy::Open;
  std::string admin_chain{attach::kAdminChain};
  std::string zone = "trusted";
};

// The config, checked whole: every problem is in the one error.
Result<Config> parse_config(const cni::Request& request);

// The same without what is wrong: for DEL and GC, which have to do with whatever they are given.
Config usable_config(const cni::Request& request);

}  // namespace netctl::firewall

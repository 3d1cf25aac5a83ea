#pragma once

#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::static_ipam {

struct Config {
  // What the runtime asks for (runtimeConfig.ips, else args.cni.ips) takes the place of all others:
  // ipam.addresses, then those of CNI_ARGS.
  std::vector<cni::Ip> addresses{};
  std::vector<cni::Route> routes{};
  cni::Dns dns{};
};

// The config, checked whole: every problem is in the one error. An address whose place another one
// takes is not looked at.
Result<Config> parse_config(const cni::Request& request);

}  // namespace netctl::static_ipam

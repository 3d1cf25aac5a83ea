#pragma once

#include <cstdint>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"

namespace netctl::ptp {

// The keys of the ptp plugin, with the reference plugin's names and meaning (docs/plugins.md).
struct Config {
  bool ip_masq = false;
  std::uint32_t mtu = 0;  // of both ends; 0: the kernel's default
};

// The config, checked whole: every problem is in the one error.
Result<Config> parse_config(const cni::Request& request);

}  // namespace netctl::ptp

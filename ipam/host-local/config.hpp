#pragma once

#include <string>
#include <vector>

#include "ipam/host-local/range.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::host_local {

// The plugin's keys, with the reference plugin's names and meaning, and "exclude".
struct Config {
  // In the order that numbers them: runtimeConfig.ipRanges, the flat form, ipam.ranges. They do not
  // overlap each other.
  std::vector<RangeSet> sets{};
  std::vector<IpAddress> requested{};  // CNI_ARGS, then args.cni.ips, then runtimeConfig.ips
  std::vector<cni::Route> routes{};
  std::string resolv_conf{};  // a path; empty: no DNS settings are given
};

// The config, checked whole: every problem is in the one error.
Result<Config> parse_config(const cni::Request& request);

// Where the network's reservations lie: `<ipam.dataDir>/<network>`. Without a usable dataDir that
// is /var/lib/cni/networks, or `networks` in the directory that the environment variable
// NETCTL_CNI_STATE_DIR names. Never fails, since DEL has to do with whatever config it is given.
std::string store_directory(const cni::Request& request);

// Where the indexes of stores lie: /run/netctl/ipam, or `ipam` in the directory that the
// environment variable NETCTL_RUN_DIR names.
std::string index_directory(const cni::Request& request);

}  // namespace netctl::host_local

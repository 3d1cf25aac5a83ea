#pragma once

#include <string>
#include <vector>

#include "netctl/run_options.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/container/state.hpp"

// A container's networks, and the files by which its programs find names.
namespace netctl::command {

// The networks that were asked for, an interface each: eth0, eth1 … Ports and addresses are the
// first one's. Modes that attach nothing (host, ns:PATH) are none.
Result<std::vector<container::NetworkUse>> network_uses(const Settings& settings,
                                                        const RunOptions& options);

// Attaches the container, whose namespace is pinned, to all of them; undone when one fails.
struct Names {
  std::string hostname{};
  std::string domainname{};
  std::vector<std::string> addresses{};  // in /etc/hosts under the hostname
  std::vector<std::string> nameservers{};
  std::vector<std::string> search{};
  std::vector<std::string> options{};
};
Status attach_all(const Settings& settings, const container::State& state, Names& names);
// Detaches it from all, past failures; fine when it is gone already.
Status detach_all(const Settings& settings, const container::State& state);

// The contents of files, as Docker makes them.
std::string hosts_text(const Names& names, const std::vector<std::string>& extra_hosts);
// What was asked for comes first, then what the network says, then the host's own resolv.conf; of
// that, servers on the host's loopback cannot be reached from another namespace and are left out.
std::string resolv_conf_text(const Names& names, const std::string& host_file, bool own_netns);

}  // namespace netctl::command

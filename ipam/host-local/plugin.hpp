#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::host_local {

// Gives addresses of configured ranges and remembers them in files of this host: the IPAM plugin
// host-local, in the reference plugin's format (store.hpp).
class HostLocal : public cni::Plugin {
 public:
  std::string_view name() const override { return "host-local"; }
  // Nothing is made in a namespace, and a release must not depend on what became of one.
  bool needs_own_netns() const override { return false; }
  // One address of each range set, all of them or none.
  Result<cni::AddResult> add(const cni::Request& request) override;
  // Needs the network's name and the data directory of the config, and nothing else of it.
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::host_local

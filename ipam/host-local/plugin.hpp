#pragma once

#include <string>

#include "ipam/host-local/store.hpp"
#include "ipam/host-local/tag.hpp"
#include "runtime-core/cni/plugin.hpp"

namespace netctl::host_local {

// Gives addresses of configured ranges and remembers them in files of this host: the IPAM plugin
// host-local, in the reference plugin's format (store.hpp).
class HostLocal : public cni::Plugin {
 public:
  // The file that tells this boot from others.
  explicit HostLocal(std::string boot_id_file = kBootIdFile)
      : boot_id_file_(std::move(boot_id_file)) {}

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

 private:
  StorePlace place_of(const cni::Request& request) const;

  std::string boot_id_file_;
};

}  // namespace netctl::host_local

#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::container {

// Network mode container: the container is in the namespace of another one and shares all that is
// in it. Nothing is made or changed, so nothing has to be undone: what a joiner's DEL leaves is
// what the others go on using, and the namespace lives as long as the kernel sees somebody in it.
class Container : public cni::Plugin {
 public:
  std::string_view name() const override { return "container"; }
  // The other container may be one that stays in the host's.
  bool needs_own_netns() const override { return false; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::container

#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::host {

// Network mode host: the container stays in the host's own namespace. Nothing is made or changed.
class Host : public cni::Plugin {
 public:
  std::string_view name() const override { return "host"; }
  bool needs_own_netns() const override { return false; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::host

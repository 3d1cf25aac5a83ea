#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::portmap {

// Publishes ports of the host for a container that another plugin has attached (chained).
class PortMap : public cni::Plugin {
 public:
  std::string_view name() const override { return "portmap"; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::portmap

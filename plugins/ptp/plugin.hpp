#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::ptp {

// Connects a container to the host by a veth pair of its own, without a bridge: the host is the
// container's only neighbour, and routes for it.
class Ptp : public cni::Plugin {
 public:
  std::string_view name() const override { return "ptp"; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::ptp

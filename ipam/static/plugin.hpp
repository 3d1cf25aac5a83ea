#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::static_ipam {

// Gives the addresses that are written in the config, or asked for, and remembers nothing: the IPAM
// plugin static. Whether somebody else has one of them is not looked at.
class Static : public cni::Plugin {
 public:
  std::string_view name() const override { return "static"; }
  // Nothing is made in a namespace.
  bool needs_own_netns() const override { return false; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  // There is nothing to release; the config is not looked at.
  Status del(const cni::Request& request) override;
  // Every address with its gateway has to be in prevResult.
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  // Whether the config is sound.
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::static_ipam

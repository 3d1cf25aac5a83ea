#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::bridge {

// Connects a container to a bridge of the host by a veth pair; with an "ipam", also by IP.
class Bridge : public cni::Plugin {
 public:
  std::string_view name() const override { return "bridge"; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::bridge

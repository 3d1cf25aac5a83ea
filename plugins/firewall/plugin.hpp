#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::firewall {

// Says what may come to a container that another plugin has attached (chained), and tells the
// host's other firewalls to let its packets pass.
class Firewall : public cni::Plugin {
 public:
  std::string_view name() const override { return "firewall"; }
  // From 0.4.0 on, as the reference plugin.
  std::span<const std::string_view> versions() const override;
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::firewall

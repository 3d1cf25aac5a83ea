#pragma once

#include "runtime-core/cni/plugin.hpp"

namespace netctl::tuning {

// Sets kernel parameters of the container's namespace, and attributes of the interface that the
// plugins before it made.
class Tuning : public cni::Plugin {
 public:
  std::string_view name() const override { return "tuning"; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;
};

}  // namespace netctl::tuning

#pragma once

#include <string_view>

#include "runtime-core/cni/plugin.hpp"

namespace netctl::none {

// One plugin that serves under two names.
enum class Role {
  None,     // a whole network mode: the container has its loopback interface and nothing else
  Loopback  // one step of many: brings lo up beside whatever else is there (the reference's plugin)
};

// Brings the loopback interface up, whatever CNI_IFNAME says. As a network mode it also sees to it
// that both 127.0.0.1 and ::1 are there and that no other interface is.
class None : public cni::Plugin {
 public:
  explicit None(Role role) : role_(role) {}

  std::string_view name() const override { return role_ == Role::None ? "none" : "loopback"; }
  Result<cni::AddResult> add(const cni::Request& request) override;
  Status del(const cni::Request& request) override;
  // Where lo was up before it stays up.
  Status undo_add(const cni::Request& request) override;
  Status check(const cni::Request& request) override;
  Status gc(const cni::Request& request) override;
  Status status(const cni::Request& request) override;

 private:
  Role role_;
  bool was_up_ = false;  // lo, before add()
};

}  // namespace netctl::none

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"

namespace netctl {

// The way back: each step that changes the system adds its undo before the next step runs. Unless
// commit() was called the steps are undone when this goes out of scope, last one first; an undo
// that fails is logged and the others still run. Declare it after everything its steps use.
class Rollback {
 public:
  Rollback() = default;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback();

  // `name` says what the undo does: "delete veth veth1234".
  void add(std::string name, std::function<Status()> undo);
  void commit() { steps_.clear(); }

 private:
  struct Step {
    std::string name;
    std::function<Status()> undo;
  };
  std::vector<Step> steps_;
};

}  // namespace netctl

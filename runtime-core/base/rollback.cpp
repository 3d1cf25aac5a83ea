#include "runtime-core/base/rollback.hpp"

#include "runtime-core/base/log.hpp"

namespace netctl {

void Rollback::add(std::string name, std::function<Status()> undo) {
  steps_.push_back(Step{.name = std::move(name), .undo = std::move(undo)});
}

Rollback::~Rollback() {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    log::debug("undo: {}", step->name);
    if (const Status status = step->undo(); !status) {
      log::warn("undo failed: {}: {}", step->name, status.error().message);
    }
  }
}

}  // namespace netctl

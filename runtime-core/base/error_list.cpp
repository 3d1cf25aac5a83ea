#include "runtime-core/base/error_list.hpp"

namespace netctl {

bool ErrorList::keep(Status status) {
  if (status) return true;
  errors_.push_back(std::move(status).error());
  return false;
}

Status ErrorList::status() const {
  if (errors_.empty()) return {};
  Error all = errors_.front();
  for (std::size_t i = 1; i < errors_.size(); ++i) all.message += "; " + errors_[i].message;
  return all;
}

}  // namespace netctl

#pragma once

#include <vector>

#include "runtime-core/base/result.hpp"

namespace netctl {

// Collects failures where the work goes on past them: tearing down, and checking input whole.
class ErrorList {
 public:
  // Remembers the error, if there is one; tells whether there was none.
  bool keep(Status status);
  void add(Error error) { errors_.push_back(std::move(error)); }

  bool empty() const { return errors_.empty(); }
  const std::vector<Error>& errors() const { return errors_; }

  // Success when nothing was kept; otherwise one error with all messages, joined by "; ", and the
  // code of the first.
  Status status() const;

 private:
  std::vector<Error> errors_;
};

}  // namespace netctl

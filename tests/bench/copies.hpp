#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "tests/bench/lab.hpp"

namespace netctl::bench {

// Our programs, those of an earlier build and the floor several times over, all on the file system
// of the first. Where in memory the kernel happens to keep a file makes up to 5 % of what a program
// takes that lives for two milliseconds; one that takes part with each copy in turn has their mean.
class Copies {
 public:
  static Result<std::shared_ptr<Copies>> make(const Programs& originals, int count);
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;
  ~Copies();  // they go with it

  const std::vector<Programs>& all() const { return all_; }

 private:
  explicit Copies(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
  std::vector<Programs> all_{};
};

}  // namespace netctl::bench

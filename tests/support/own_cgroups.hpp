#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/unique_fd.hpp"

namespace netctl::test {

// Cgroups of a test's own: of each hierarchy a part that was made for it stands where the whole one
// stood, in this mount namespace, which has to be the test's alone. What netctl makes is in it, and
// nothing of other tests that run meanwhile. Goes with the object, with all groups that are left.
class OwnCgroups {
 public:
  // The hierarchies that are mounted. What cannot be made is left out: the test uses the machine's.
  OwnCgroups();
  ~OwnCgroups();
  OwnCgroups(const OwnCgroups&) = delete;
  OwnCgroups& operator=(const OwnCgroups&) = delete;

  // The groups that are there of containers, one path to a line.
  std::string list() const;

 private:
  struct Part {
    std::string root{};  // its mount point
    UniqueFd parent{};   // where it was made: a test may mount something over /sys
    std::string path() const;
  };
  std::vector<Part> parts_{};
};

}  // namespace netctl::test

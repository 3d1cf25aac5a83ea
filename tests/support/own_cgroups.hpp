#pragma once

#include <string>
#include <vector>

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
  std::vector<std::string> roots_{};  // the mount points
};

}  // namespace netctl::test

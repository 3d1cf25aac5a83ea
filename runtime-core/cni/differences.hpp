#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::cni {

// What CHECK finds to be other than ADD left it, all of it in one error:
//
//   cni::Differences differences;
//   differences.keep(cni::ipam_call(cni::Command::Check, request));
//   if (!link) differences.add(format("the container has no interface {}", request.ifname));
//   return differences.status(format("container \"{}\" is not as it was attached", id));
class Differences {
 public:
  void add(std::string line);
  // A failure that kept something from being compared, or that a delegated plugin found: a line
  // like the others. Tells whether there was none.
  bool keep(Status status);
  // All of these; or the failure that kept them from being found.
  void add_all(Result<std::vector<std::string>> lines);

  bool empty() const { return errors_.empty(); }

  // Success when there are none. Otherwise "<what>: 2 differences", a line each in the details. A
  // failure that is all there is comes out as it came in, with its code.
  Status status(std::string_view what) const;

 private:
  ErrorList errors_;
  bool only_failures_ = true;
};

}  // namespace netctl::cni

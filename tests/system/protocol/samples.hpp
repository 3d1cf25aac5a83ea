#pragma once

#include <ostream>
#include <string>
#include <vector>

// The plugins, as the test of conformance sees them: a new one is one more entry.
namespace netctl::test {

// A plugin and what its ADD answers without white space: in 0.1.0 and 0.2.0, in 0.3.0 to 0.4.0, and
// in 1.0.0 and 1.1.0, each behind the member cniVersion.
struct Sample {
  std::string type{};
  std::string members{};  // of its config
  std::string per_family{};
  std::string with_version{};
  std::string without_version{};
  std::vector<std::string> preparation{};  // command lines that make what the ADD needs
  std::string netns = "web";               // of the container c1
  bool chained = false;  // comes after the first sample in a chain, and answers what it is given
  bool changes = true;   // false: an ADD has nothing to make
  std::string since = "0.1.0";  // the first config version that it serves
};

const std::vector<Sample>& samples();

inline std::ostream& operator<<(std::ostream& out, const Sample& sample) {
  return out << sample.type;
}

}  // namespace netctl::test

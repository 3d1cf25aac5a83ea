#pragma once

#include <ostream>
#include <string>
#include <vector>

// The plugins, as the tests of the protocol see them: a new one is one more entry.
namespace netctl::test {

// What the value of a key has to be.
enum class Kind { Text, Flag, Number, SignedNumber, Address, Prefix, List, Object };

struct Key {
  // "mtu", "ipam.type", "runtimeConfig.portMappings[].hostPort": each [] is one list around.
  std::string path{};
  Kind kind = Kind::Text;
};

struct Subject {
  std::string type{};
  std::string config{};     // without cniVersion; serves every operation, with any key below added
  std::vector<Key> keys{};  // all that the plugin itself knows
  bool chained = false;     // needs a prevResult
};

const std::vector<Subject>& subjects();
// Keys that the protocol itself has.
const std::vector<Key>& common_keys();

// The member of an object that gives a key its value: `"ipam": {"type": 5}`.
std::string member(const std::string& path, const std::string& value);

// The name of a test that is run for each plugin: "host_local".
std::string test_name(const std::string& type);
inline std::ostream& operator<<(std::ostream& out, const Subject& subject) {
  return out << subject.type;
}

}  // namespace netctl::test

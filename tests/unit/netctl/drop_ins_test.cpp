// The files that keep network managers away from our interfaces match the names that we give.
#include <fnmatch.h>

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "netctl/default_networks.hpp"
#include "netctl/network.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/attach/vlan.hpp"

namespace netctl::command {
namespace {

using testing::Contains;
using testing::Truly;

// What comes after `key` in a file, up to the end of the line.
std::string value_of(const std::string& file, const std::string& key) {
  std::ifstream stream(std::string(NETCTL_DIST "/") + file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(key)) return line.substr(key.size());
  }
  ADD_FAILURE() << file << " has no " << key;
  return "";
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// NetworkManager.conf(5): "*" and "?" are the wildcards of interface-name.
std::vector<std::string> network_manager_patterns() {
  static constexpr std::string_view kByName = "interface-name:";
  std::vector<std::string> patterns;
  for (const std::string& spec :
       split(value_of("netctl-networkmanager.conf", "match-device="), ';')) {
    EXPECT_TRUE(spec.starts_with(kByName)) << spec;
    patterns.push_back(spec.substr(kByName.size()));
  }
  return patterns;
}

// systemd.network(5): shell globs.
std::vector<std::string> networkd_patterns() {
  return split(value_of("05-netctl.network", "Name="), ' ');
}

class DropIns : public testing::TestWithParam<std::vector<std::string> (*)()> {
 protected:
  static auto fits(const std::string& name) {
    return Contains(Truly([name](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
    }));
  }
};

TEST_P(DropIns, FitTheNamesOfOurInterfaces) {
  const std::string bridge = bridge_of("back");
  const std::string names[] = {
      attach::Owner{"bridge", "web", "eth0"}.host_link_name(),
      attach::Owner{std::string(60, 'n'), std::string(64, 'c'), "eth1"}.host_link_name(),
      std::string(kDefaultBridge),
      bridge,
      attach::vlan_gateway_name(kDefaultBridge, 100),
      attach::vlan_gateway_name(bridge, 7),
      attach::vlan_gateway_name(bridge, 4094),
  };
  for (const std::string& name : names) EXPECT_THAT(GetParam()(), fits(name)) << name;
}

TEST_P(DropIns, LeaveTheInterfacesOfOthersAlone) {
  for (const char* name : {"eth0", "ens3", "wlan0", "lo", "br0", "docker0", "virbr0", "cni0",
                           "veth1a2b3c4", "veth1a2b3c4d", "bond0.100"}) {
    EXPECT_THAT(GetParam()(), testing::Not(fits(name))) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, DropIns,
                         testing::Values(&network_manager_patterns, &networkd_patterns),
                         [](const auto& which) {
                           return which.param == &networkd_patterns ? "Networkd" : "NetworkManager";
                         });

}  // namespace
}  // namespace netctl::command

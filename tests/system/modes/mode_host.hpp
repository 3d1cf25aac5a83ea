#pragma once

#include <regex>
#include <string>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {

// Calls of the plugins that are network modes, for the container "c1" in the namespace "web".
class ModeHost : public Lab {
 protected:
  static constexpr const char* kReferences = "/usr/lib/cni";

  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("ip netns add web");  // lo is down in it
  }

  static std::map<std::string, std::string> call_of(const std::string& command) {
    return {{"CNI_COMMAND", command},
            {"CNI_CONTAINERID", "c1"},
            {"CNI_NETNS", "/run/netns/web"},
            {"CNI_IFNAME", "eth0"}};
  }

  // A config of the mode with more keys: config_of("none", R"("ipam": {…})").
  static std::string config_of(const std::string& type, const std::string& more = "",
                               const std::string& version = "1.1.0") {
    return format(R"({{"cniVersion": "{}", "name": "net", "type": "{}"{}{}}})", version, type,
                  more.empty() ? "" : ", ", more);
  }

  static std::string compact(const std::string& json) {
    return std::regex_replace(json, std::regex("\\s"), "");
  }

  // All that is in a namespace, without what tells of time and of chance.
  std::string state_of(const std::string& ns) {
    std::string state;
    for (const char* line : {"ip -o link", "ip -o addr", "ip route show table all",
                             "ip -6 route show table all", "sysctl -a --pattern disable_ipv6"}) {
      state += format("== {}\n{}", line, run_in(ns, line).out);
    }
    return state;
  }
};

}  // namespace netctl::test

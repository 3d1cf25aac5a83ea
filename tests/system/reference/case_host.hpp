#pragma once

#include <regex>

#include "tests/support/calls.hpp"

namespace netctl::test {

// One container, "dummy" in the namespace "web", through each operation of a plugin that its
// version has: how the reference's cases go.
class CaseHost : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    sure("ip netns add web");
    // They stay on after an ADD, and show: each interface of a router gets an anycast address.
    sure("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
  }

  static std::string config_of(const std::string& type, const std::string& version,
                               const std::string& members) {
    return format(R"({{"cniVersion": "{}", "name": "testConfig", "type": "{}"{}{}}})", version,
                  type, members.empty() ? "" : ", ", members);
  }

  // STATUS, if the version has it, and the ADD: its result.
  std::string attach(const std::string& type, const std::string& version,
                     const std::string& config) {
    if (version >= "1.1.0") {
      EXPECT_THAT(call(type, "STATUS", kTarget, config), IsSilentSuccess());
    }
    return add(type, kTarget, config);
  }

  void check(const std::string& type, const std::string& version, const std::string& config,
             const std::string& result) {
    const auto checked = call(type, "CHECK", kTarget, with_member(config, "prevResult", result));
    if (version >= "0.4.0") {
      EXPECT_THAT(checked, IsSilentSuccess());
    } else {
      EXPECT_THAT(checked, Refuses(1, testing::HasSubstr("config version does not allow CHECK")));
    }
  }

  // DEL, and GC, if the version has it; nothing is left of the container.
  void detach(const std::string& type, const std::string& version, const std::string& config) {
    EXPECT_THAT(call(type, "DEL", kTarget, config), IsSilentSuccess());
    EXPECT_EQ(run_in("web", "ip link show " + kTarget.ifname).exit_status, 1);
    if (version >= "1.1.0") {
      EXPECT_THAT(call(type, "GC", kTarget, config), IsSilentSuccess());
    }
  }

  std::string inside(const std::string& line) { return run_in("web", line).out; }

  static std::string compact(const std::string& json) {
    return std::regex_replace(json, std::regex("\\s"), "");
  }

  Target kTarget{.container = "dummy", .netns = "web"};
};

// "fd00::1/64" is an address of version 6.
inline const char* family_of(const std::string& prefix) {
  return prefix.find(':') != std::string::npos ? "6" : "4";
}

}  // namespace netctl::test

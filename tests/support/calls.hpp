#pragma once

#include <string>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

// Plugins called one at a time, as a runtime calls them.
namespace netctl::test {

// All versions of the protocol.
inline constexpr const char* kVersions[] = {"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                            "0.4.0", "1.0.0", "1.1.0"};

// What one call is about; an interface eth0 unless it says otherwise.
struct Target {
  std::string container{};
  std::string netns{};  // a pinned name, or a path; empty: not told
  std::string ifname = "eth0";
};

class Calls : public Lab {
 protected:
  static std::map<std::string, std::string> variables_of(const std::string& command,
                                                         const Target& target) {
    std::map<std::string, std::string> variables = {{"CNI_COMMAND", command},
                                                    {"CNI_CONTAINERID", target.container},
                                                    {"CNI_IFNAME", target.ifname}};
    const bool is_path = target.netns.starts_with('/');
    if (!target.netns.empty()) {
      variables["CNI_NETNS"] = (is_path ? "" : "/run/netns/") + target.netns;
    }
    return variables;
  }

  sys::Finished call(const std::string& type, const std::string& command, const Target& target,
                     const std::string& config) {
    return plugin(type, variables_of(command, target), config);
  }

  // The result of an ADD that has to succeed.
  std::string add(const std::string& type, const Target& target, const std::string& config) {
    const sys::Finished added = call(type, "ADD", target, config);
    EXPECT_EQ(added.exit_status, 0) << type << ": " << added.out << added.err;
    return added.out;
  }
};

// `config` with another member: prevResult, a list of attachments.
inline std::string with_member(const std::string& config, const std::string& key,
                               const std::string& value) {
  return format("{{\"{}\": {}, {}", key, value, config.substr(1));
}

// Succeeds(): status 0 and nothing on stdout.
MATCHER(IsSilentSuccess, "succeeds and says nothing") {
  *result_listener << "status " << arg.exit_status << ": " << arg.out << arg.err;
  return arg.exit_status == 0 && arg.out.empty();
}

// Refuses(50, HasSubstr("not a bridge")): status 1 and one error object of that code.
MATCHER_P2(Refuses, code, words, "refuses with the expected code and words") {
  *result_listener << "status " << arg.exit_status << ": " << arg.out << arg.err;
  return arg.exit_status == 1 && arg.out.find(format("{{\n    \"code\": {},\n", code)) == 0 &&
         testing::Value(arg.out, words);
}

}  // namespace netctl::test

#pragma once

#include <gmock/gmock.h>

#include "runtime-core/cni/json.hpp"
#include "tests/unit/cni/fake_plugin.hpp"

// What tests of cni::run() give to a plugin, and what a call that failed told.
namespace netctl::test {

inline cni::AddResult one_address() {
  cni::AddResult result;
  result.ips = {{.address = *parse_ip_prefix("10.0.0.2/24")}};
  return result;
}

inline std::string config_of(std::string_view version) {
  return format(R"({{"cniVersion":"{}","name":"n1","type":"fake"}})", version);
}

// The one error object that a failed call prints, and nothing else.
struct Told {
  unsigned code = 0;
  std::string message{};
  std::string details{};
};

inline Told told_by(const Seen& seen) {
  EXPECT_EQ(seen.exit_status, 1);
  const auto object = cni::parse_json(seen.out);
  if (!object || !object->is_object() || !object->contains("code") || !object->contains("msg")) {
    ADD_FAILURE() << "not one error object: " << seen.out.substr(0, 300);
    return {};
  }
  return {.code = object->at("code").get<unsigned>(),
          .message = object->at("msg").get<std::string>(),
          .details = object->value("details", "")};
}

}  // namespace netctl::test

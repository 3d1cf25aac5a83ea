#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/version.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::test {

// An ADD of container "c1" to network "net" with these keys in the plugin's config, a comma between
// them: R"("mtu": 1400)".
inline cni::Request add_request(const std::string& keys, const std::string& args = "") {
  auto request = cni::parse_environment({{"CNI_COMMAND", "ADD"},
                                         {"CNI_CONTAINERID", "c1"},
                                         {"CNI_NETNS", "/run/netns/web"},
                                         {"CNI_IFNAME", "eth0"},
                                         {"CNI_PATH", "/lib/cni"},
                                         {"CNI_ARGS", args}});
  const std::string config =
      R"({"cniVersion": "1.0.0", "name": "net")" + (keys.empty() ? "" : ", " + keys) + "}";
  EXPECT_THAT(cni::add_config(*request, config, cni::kVersions), Succeeds());
  return *std::move(request);
}

}  // namespace netctl::test

// The cases of the reference loopback plugin's own tests (containernetworking/plugins,
// plugins/main/loopback/loopback_test.go), run against our executable at each version. Its calls
// have CNI_ARGS that are no pairs, a CNI_PATH where nothing is, and a config without "type".
#include "tests/system/reference/case_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class LoopbackCases : public CaseHost {
 protected:
  sys::Finished loopback(const std::string& command, const std::string& version) {
    return plugin("loopback",
                  {{"CNI_COMMAND", command},
                   {"CNI_CONTAINERID", "dummy"},
                   {"CNI_NETNS", "/run/netns/web"},
                   {"CNI_IFNAME", "lo"},
                   {"CNI_ARGS", "none"},
                   {"CNI_PATH", "/some/test/path"}},
                  format(R"({{"name": "loopback-test", "cniVersion": "{}"}})", version));
  }
};

TEST_F(LoopbackCases, AddSetsLoUpAndDelSetsItDown) {
  for (const char* version : kVersions) {
    SCOPED_TRACE(version);
    const auto added = loopback("ADD", version);
    EXPECT_EQ(added.exit_status, 0) << added.out;
    EXPECT_THAT(compact(added.out), testing::MatchesRegex("[{].*[}]"));
    EXPECT_THAT(inside("ip -o link show lo"), HasSubstr("UP"));
    for (int time = 0; time < 2; ++time) {
      EXPECT_THAT(loopback("DEL", version), IsSilentSuccess());
      EXPECT_THAT(inside("ip -o link show lo"), Not(HasSubstr("UP")));
    }
  }
}

}  // namespace
}  // namespace netctl::test

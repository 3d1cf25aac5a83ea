// netctl version: what is asked for in every report of an error.
#include <gmock/gmock.h>

#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

class Version : public Lab {};

TEST_F(Version, IsTheOneOfTheOptionAndTheNewestProtocolsIsThere) {
  EXPECT_EQ("netctl " + sure("netctl version --format {{.Version}}"), sure("netctl --version"));
  EXPECT_THAT(sure("netctl version"), AllOf(HasSubstr("1.1.0"), ContainsRegex("Kernel: +[0-9]")));
}

TEST_F(Version, InJsonEachFeatureOfTheKernelIsABoolean) {
  const std::string json = sure("netctl version -o json");
  for (const char* name :
       {"bridge", "nf_tables", "bridge_vlan_filtering", "nf_tables_bridge", "flow_tables",
        "cgroup_limits", "cgroup_v2", "user_namespaces", "id_mapped_mounts"}) {
    EXPECT_THAT(json, ContainsRegex("\"" + std::string(name) + "\": (true|false)"));
  }
  EXPECT_THAT(json, HasSubstr("\"nf_tables\": true"));
}

TEST_F(Version, TellsWhatDoctorJudges) {
  const bool can =
      sure("netctl version -o json").find("\"bridge_vlan_filtering\": true") != std::string::npos;
  EXPECT_THAT(run("netctl doctor -n").out,
              ContainsRegex(std::string(can ? "OK" : "WARN") + " +kernel: VLANs of bridges"));
}

TEST_F(Version, LeavesNothing) {
  const std::string before = host_state() + run("cat /proc/self/mountinfo").out;
  sure("netctl version");
  EXPECT_EQ(host_state() + run("cat /proc/self/mountinfo").out, before);
}

}  // namespace
}  // namespace netctl::test

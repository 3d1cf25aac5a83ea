// The cases of the reference tuning plugin's own tests (containernetworking/plugins,
// plugins/meta/tuning/tuning_test.go), run against our executable at each version that has chains.
// Their interface is of kind dummy, which not every kernel has: here it is a veth.
#include <fstream>

#include "tests/system/reference/case_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPrevResult = R"({"interfaces": [{"name": "dummy0", "sandbox": "netns"}],
    "ips": [{"version": "4", "address": "10.0.0.2/24", "gateway": "10.0.0.1", "interface": 0}]})";
constexpr const char* kSysctl = R"("sysctl": {"net.ipv4.conf.all.log_martians": "1"})";

struct TuningCase {
  std::string name{};
  std::string members{};
  std::vector<std::string> link{};  // what `ip link` shows of it
  std::string args{};               // CNI_ARGS
  std::string mac{};                // in the result
};

std::vector<TuningCase> tuning_cases() {
  const std::string mac = "c2:11:22:33:44:55";
  const auto from_args = [](const std::string& member) {
    return R"("args": {"cni": {)" + member + "}}";
  };
  const std::string mac_member = R"("mac": ")" + mac + "\"";
  return {
      {.name = "Promisc", .members = R"("promisc": true)", .link = {"PROMISC"}},
      {.name = "PromiscOfArgs", .members = from_args(R"("promisc": true)"), .link = {"PROMISC"}},
      {.name = "Mtu", .members = R"("mtu": 1454)", .link = {"mtu 1454"}},
      {.name = "MtuOfArgs", .members = from_args(R"("mtu": 1454)"), .link = {"mtu 1454"}},
      {.name = "Mac", .members = mac_member, .link = {mac}, .mac = mac},
      {.name = "MacOfArgs", .members = from_args(mac_member), .link = {mac}, .mac = mac},
      {.name = "MacOfCniArgs",
       .link = {"c2:11:22:33:44:66"},
       .args = "IgnoreUnknown=true;MAC=c2:11:22:33:44:66",
       .mac = "c2:11:22:33:44:66"},
      {.name = "MacOfRuntimeConfig",
       .members = R"("capabilities": {"mac": true}, "RuntimeConfig": {)" + mac_member + "}",
       .link = {mac},
       .mac = mac},
      {.name = "SeveralWithADataDirOfItsOwn",
       .members = R"("mac": "c2:11:22:33:44:77", "promisc": true, "mtu": 4000,
         "dataDir": "/run/tuning-test")",
       .link = {"c2:11:22:33:44:77", "PROMISC", "mtu 4000"},
       .mac = "c2:11:22:33:44:77"},
      {.name = "AllMulti", .members = R"("allmulti": true)", .link = {"ALLMULTI"}},
      {.name = "AllMultiOfArgs", .members = from_args(R"("allmulti": true)"), .link = {"ALLMULTI"}},
      {.name = "Sysctl", .members = kSysctl}};
}

class TuningCases : public CaseHost {
 protected:
  void SetUp() override {
    CaseHost::SetUp();
    if (IsSkipped()) return;
    kTarget.ifname = "dummy0";
    sure("ip link add dummy0 netns web address 02:00:00:00:00:01 type veth peer name peer0");
  }

  static std::vector<std::string> versions() {
    return {std::begin(kVersions) + 2, std::end(kVersions)};
  }

  static std::string tuning_config(const std::string& version, const std::string& members,
                                   const std::string& prev_result = kPrevResult) {
    return config_of("tuning", version,
                     members + (members.empty() ? "" : ", ") + "\"prevResult\": " + prev_result);
  }
  sys::Finished tuning(const std::string& command, const std::string& config) {
    return call("tuning", command, kTarget, config);
  }

  std::string link() { return inside("ip -d -o link show dummy0"); }
  // Files that tell what to put back.
  std::string backups() { return run("find /run/cni/tuning /run/tuning-test -type f").out; }

  void expect_passed_on(const std::string& result) {
    EXPECT_THAT(compact(result),
                AllOf(HasSubstr(R"("name":"dummy0")"), HasSubstr(R"("address":"10.0.0.2/24")")));
  }

  // In a host's /etc that is this test's alone.
  void allow(const std::string& expression) {
    sure("mkdir -p /run/etc/cni/tuning");
    std::ofstream("/run/etc/cni/tuning/allowlist.conf") << expression << "\n";
    sure("mount -t overlay overlay -o lowerdir=/run/etc:/etc /etc");
  }
};

class TuningLives : public TuningCases, public testing::WithParamInterface<TuningCase> {};

TEST_P(TuningLives, EachVersionConfiguresAndDeconfiguresIt) {
  const TuningCase& tested = GetParam();
  environment["CNI_ARGS"] = tested.args;
  const std::string before = link();
  for (const std::string& version : versions()) {
    SCOPED_TRACE(version);
    const std::string config = tuning_config(version, tested.members);
    const std::string result = add("tuning", kTarget, config);
    expect_passed_on(result);
    EXPECT_THAT(result, HasSubstr(tested.mac));
    for (const std::string& words : tested.link) EXPECT_THAT(link(), HasSubstr(words));
    const bool elsewhere = tested.members.find("dataDir") != std::string::npos;
    EXPECT_EQ(backups(), tested.link.empty() ? ""
                         : elsewhere         ? "/run/tuning-test/dummy_dummy0.json\n"
                                             : "/run/cni/tuning/dummy_dummy0.json\n");
    check("tuning", version, config, result);
    EXPECT_THAT(tuning("DEL", config), IsSilentSuccess());
    EXPECT_EQ(link(), before);
    EXPECT_THAT(backups(), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(TuningCase, TuningLives, testing::ValuesIn(tuning_cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(TuningCases, AParameterThatTheAllowlistLeavesOutIsRefused) {
  allow(R"(^net\.ipv4\.conf\.other\.[a-z_]*$)");
  for (const std::string& version : versions()) {
    const std::string config = tuning_config(version, kSysctl);
    EXPECT_EQ(tuning("ADD", config).exit_status, 1);
    EXPECT_THAT(tuning("DEL", config), IsSilentSuccess());
  }
  sure("umount /etc");
}

TEST_F(TuningCases, AParameterThatTheAllowlistHasIsSet) {
  allow(R"(^net\.ipv4\.conf\.all\.[a-z_]*$)");
  for (const std::string& version : versions()) {
    const std::string config = tuning_config(version, kSysctl);
    expect_passed_on(add("tuning", kTarget, config));
    EXPECT_THAT(inside("sysctl net.ipv4.conf.all.log_martians"), HasSubstr("= 1"));
    EXPECT_THAT(tuning("DEL", config), IsSilentSuccess());
  }
  sure("umount /etc");
}

TEST_F(TuningCases, AParameterThatStandsThereTwiceIsRefused) {
  for (const std::string& version : versions()) {
    EXPECT_THAT(tuning("ADD", tuning_config(version, R"("sysctl": {
        "net.ipv4.conf.all.log_martians": "1", "net.ipv4.conf.all.log_martians": "0"})")),
                Refuses(7, HasSubstr("duplicated")));
  }
}

TEST_F(TuningCases, AnInterfaceNameWithASeparatorIsRefused) {
  kTarget.ifname = "eth/0";
  for (const std::string& version : versions()) {
    const std::string previous = R"({"interfaces": [{"name": "eth/0", "sandbox": "netns"}]})";
    EXPECT_THAT(tuning("ADD", tuning_config(version, kSysctl, previous)),
                Refuses(4, HasSubstr("interface name contains /")));
  }
}

}  // namespace
}  // namespace netctl::test

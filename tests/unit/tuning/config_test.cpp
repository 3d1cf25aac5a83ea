#include "plugins/tuning/config.hpp"

#include <gmock/gmock.h>

#include "plugins/tuning/allowlist.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/request.hpp"

namespace netctl::tuning {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Result<Config> parse(const std::string& keys, const std::string& args = "") {
  return parse_config(test::add_request(keys, args));
}

TEST(TuningConfig, EveryKeyIsRead) {
  const auto config = parse(R"("sysctl": {"net.core.somaxconn": "500"}, "mac": "02:00:00:00:00:01",
      "mtu": 1400, "promisc": true, "allmulti": false, "txQLen": 0)");
  ASSERT_THAT(config, Succeeds());
  EXPECT_THAT(config->sysctl, ElementsAre(Pair("net.core.somaxconn", "500")));
  EXPECT_EQ(config->wanted, (Attributes{.mac = parse_mac_address("02:00:00:00:00:01").value(),
                                        .promisc = true,
                                        .mtu = 1400,
                                        .allmulti = false,
                                        .tx_queue = 0}));
}

TEST(TuningConfig, NothingIsWantedByDefaultAndPromiscuousModeIsNeverSwitchedOff) {
  EXPECT_TRUE(parse("")->wanted.empty());
  EXPECT_TRUE(parse(R"("promisc": false, "mtu": 0, "mac": "", "allmulti": null)")->wanted.empty());
}

TEST(TuningConfig, TheMacComesFromArgsBeforeTheRuntimeBeforeCniArgsBeforeTheConfig) {
  const auto mac_of = [](const std::string& keys, const std::string& args = "") {
    return parse(keys, args)->wanted.mac->to_text();
  };
  const std::string in_config = R"("mac": "02:00:00:00:00:01")";
  const std::string in_runtime = R"("runtimeConfig": {"mac": "02:00:00:00:00:03"})";
  const std::string in_args = R"("args": {"cni": {"mac": "02:00:00:00:00:04"}})";
  EXPECT_EQ(mac_of(in_config), "02:00:00:00:00:01");
  EXPECT_EQ(mac_of(in_config, "MAC=02:00:00:00:00:02"), "02:00:00:00:00:02");
  EXPECT_EQ(mac_of(in_config + ", " + in_runtime, "MAC=02:00:00:00:00:02"), "02:00:00:00:00:03");
  EXPECT_EQ(mac_of(in_config + ", " + in_runtime + ", " + in_args), "02:00:00:00:00:04");
}

TEST(TuningConfig, ArgsReplaceAttributesAndAddToTheSysctls) {
  const auto config = parse(R"("mtu": 1400, "txQLen": 5, "sysctl": {"net.a": "1", "net.b": "1"},
      "args": {"cni": {"mtu": 1300, "sysctl": {"net.b": "2", "net.c": "2"}}})");
  ASSERT_THAT(config, Succeeds());
  EXPECT_EQ(config->wanted.mtu, 1300U);
  EXPECT_EQ(config->wanted.tx_queue, 5U);
  EXPECT_THAT(config->sysctl,
              ElementsAre(Pair("net.a", "1"), Pair("net.b", "2"), Pair("net.c", "2")));
  EXPECT_THAT(parse(R"("args": {"cni": {"sysctl": {"net.c": "2"}}})")->sysctl,
              ElementsAre(Pair("net.c", "2")));
}

TEST(TuningConfig, EveryProblemIsInTheOneError) {
  EXPECT_THAT(parse(R"("mtu": -1, "txQLen": "x", "allmulti": 1, "sysctl": {"kernel.x": "1"})"),
              FailsSaying(AllOf(HasSubstr("mtu"), HasSubstr("txQLen"), HasSubstr("allmulti"),
                                HasSubstr("invalid net sysctl key: \"kernel.x\""))));
  EXPECT_THAT(parse("", "FOO=bar"), FailsSaying(HasSubstr("unknown args")));
}

TEST(TuningConfig, ASysctlThatIsWrittenTwiceIsRefused) {
  EXPECT_THAT(parse(R"("sysctl": {"net.a": "1", "net.b": "1", "net.a": "2"})"),
              FailsSaying(HasSubstr("duplicated sysctl keys are not allowed")));
  EXPECT_THAT(parse(R"("sysctl": {"net.a": "1"}, "args": {"cni": {"sysctl": {"net.a": "2"}}})"),
              Succeeds());
}

TEST(SysctlPath, DotsAreSlashesAndIfnameIsTheInterface) {
  const struct {
    const char* key;
    const char* path;
  } table[] = {
      {"net.core.somaxconn", "net/core/somaxconn"},
      {"net/ipv4/conf/IFNAME/arp_filter", "net/ipv4/conf/eth0.5/arp_filter"},
      {"net.ipv4.conf.IFNAME.arp_filter", "net/ipv4/conf/eth0.5/arp_filter"},
      {"net.x.IFNAME.IFNAME", "net/x/eth0.5/IFNAME"},
      {"/net//core/somaxconn", "net/core/somaxconn"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.key);
    EXPECT_EQ(sysctl_path(row.key, "eth0.5").value(), row.path);
  }
}

TEST(SysctlPath, OnlyTheNetworksParametersAreReached) {
  for (const char* key : {"kernel.hostname", "", "net", "net.", "net/../kernel/hostname",
                          "../net/core/somaxconn", "network.x", "IFNAME.net.x"}) {
    SCOPED_TRACE(key);
    const auto path = sysctl_path(key, "eth0");
    if (path) {
      // What looks like a way out is a name that does not exist.
      EXPECT_THAT(*path, AllOf(testing::StartsWith("net/"), testing::Not(HasSubstr(".."))));
    } else {
      EXPECT_THAT(path, FailsSaying(HasSubstr("invalid net sysctl key")));
    }
  }
}

TEST(Allowlist, IsOneExpressionALineWithoutBlankOnes) {
  EXPECT_THAT(parse_allowlist("^net.a$\n\n  net.b \r\n\t\nlast"),
              ElementsAre("^net.a$", "net.b", "last"));
  EXPECT_THAT(parse_allowlist(""), testing::IsEmpty());
}

// Tried out one after the other, the ways in which this may match are more than anybody can wait
// for; and a key as long as the other would be a recursion as deep.
TEST(Allowlist, NoExpressionAndNoKeyTakesForEver) {
  const std::string repeated = "net." + std::string(60, 'a');
  EXPECT_THAT(check_allowed({{repeated + "!", "1"}}, {"^net\\.(a+)+(a+)+(a+)+$"}),
              FailsSaying(HasSubstr("is not allowed")));
  EXPECT_THAT(check_allowed({{"net." + std::string(100'000, 'a'), "1"}}, {"^net\\.a*$"}),
              Succeeds());
  EXPECT_THAT(check_allowed({{repeated, "1"}}, {"(a)\\1"}),
              FailsSaying(HasSubstr("is not a regular expression")));
}

TEST(Allowlist, EachKeyHasToMatchSomewhere) {
  const std::vector<std::string> list = {"^net\\.core\\.", "conf\\.[a-z0-9]+\\.arp_filter$"};
  EXPECT_THAT(check_allowed({{"net.core.somaxconn", "1"}}, list), Succeeds());
  EXPECT_THAT(check_allowed({{"net.ipv4.conf.eth0.arp_filter", "1"}}, list), Succeeds());
  EXPECT_THAT(check_allowed({{"net.core.somaxconn", "1"}, {"net.ipv4.ip_forward", "1"}}, list),
              FailsSaying("Sysctl net.ipv4.ip_forward is not allowed. Only the following sysctls "
                          "are allowed: [^net\\.core\\. conf\\.[a-z0-9]+\\.arp_filter$]"));
  EXPECT_THAT(check_allowed({{"net.core.somaxconn", "1"}}, std::vector<std::string>{}),
              FailsWith(Errc::PermissionDenied));
}

TEST(Allowlist, AnExpressionThatIsNoneIsAnErrorThatNamesIt) {
  EXPECT_THAT(check_allowed({{"net.a", "1"}}, {"net.(a"}), FailsSaying(HasSubstr("net.(a")));
  EXPECT_THAT(check_allowed({{"net.a", "1"}}, {"net.a{3333333333333333333333}"}),
              FailsSaying(HasSubstr("has a number of more than 6 digits")));
}

TEST(TuningBackup, IsWrittenAsTheReferenceWritesIt) {
  const Attributes all{.mac = parse_mac_address("26:d7:8b:ac:ae:23").value(),
                       .promisc = false,
                       .mtu = 1400,
                       .allmulti = false,
                       .tx_queue = 1000};
  EXPECT_EQ(to_json(all), R"({
 "mac": "26:d7:8b:ac:ae:23",
 "promisc": false,
 "mtu": 1400,
 "allmulti": false,
 "txQLen": 1000
})");
  EXPECT_EQ(parse_attributes(to_json(all)).value(), all);
  EXPECT_EQ(parse_attributes("{}").value(), Attributes{});
  EXPECT_THAT(parse_attributes("{\"mtu\": \"x\"}"), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(parse_attributes("{\"mac"), FailsSaying(HasSubstr("")));
}

TEST(TuningBackup, LiesWhereDataDirSays) {
  EXPECT_EQ(backup_directory(test::add_request("")), "/run/cni/tuning");
  EXPECT_EQ(backup_directory(test::add_request(R"("dataDir": "/run/elsewhere")")),
            "/run/elsewhere");
  EXPECT_EQ(backup_directory(test::add_request(R"("dataDir": 5)")), "/run/cni/tuning");
}

}  // namespace
}  // namespace netctl::tuning

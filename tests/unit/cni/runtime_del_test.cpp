#include "tests/unit/cni/runtime_fixture.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::Eq;
using testing::HasSubstr;

TEST_F(RuntimeTest, DelRunsInReverseWithTheFinalResultAndForgets) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  forget_calls();
  ASSERT_THAT(runtime.del(network(), bare), Succeeds());
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\n");
  const auto final_result = nlohmann::json::parse(kSecond);
  EXPECT_EQ(nlohmann::json(scripts.config_of("two", "DEL")["prevResult"]), final_result);
  EXPECT_EQ(nlohmann::json(scripts.config_of("one", "DEL")["prevResult"]), final_result);
  EXPECT_FALSE(is_cached());
}

TEST_F(RuntimeTest, DelTakesFromTheCacheWhatTheCallLacks) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  ASSERT_THAT(runtime.del(network(), {.container_id = "c1", .ifname = "eth0"}), Succeeds());
  const std::string environment = scripts.environment_of("one", "DEL");
  EXPECT_THAT(environment, HasSubstr("\nCNI_NETNS=/run/netns/c1\n"));
  EXPECT_THAT(environment, HasSubstr("\nCNI_ARGS=IgnoreUnknown=1;FOO=bar\n"));
  EXPECT_EQ(dump_json(scripts.config_of("two", "DEL")["runtimeConfig"]),
            R"({"portMappings":[{"hostPort":80}]})");
}

TEST_F(RuntimeTest, DelPrefersWhatTheCallSays) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  RuntimeCall other = bare;
  other.netns = "/run/netns/other";
  other.args = "A=B";
  other.capability_args = R"({"ips":["10.0.0.1"]})";
  ASSERT_THAT(runtime.del(network(), other), Succeeds());
  const std::string environment = scripts.environment_of("two", "DEL");
  EXPECT_THAT(environment, HasSubstr("\nCNI_NETNS=/run/netns/other\n"));
  EXPECT_THAT(environment, HasSubstr("\nCNI_ARGS=A=B\n"));
  EXPECT_EQ(dump_json(scripts.config_of("two", "DEL")["runtimeConfig"]), R"({"ips":["10.0.0.1"]})");
}

TEST_F(RuntimeTest, DelGoesOnPastFailuresReportsAllAndDoesNotForget) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  fails_in("one", "DEL", R"({"code":999,"msg":"stuck"})");
  fails_in("two", "DEL", R"({"code":999,"msg":"jammed"})");
  forget_calls();
  EXPECT_THAT(runtime.del(network(), call),
              FailsSaying(Eq("plugin type=\"two\" failed (delete): jammed; "
                             "plugin type=\"one\" failed (delete): stuck")));
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\n");
  EXPECT_TRUE(is_cached());

  fails_in("one", "NONE", "");
  fails_in("two", "NONE", "");
  EXPECT_THAT(runtime.del(network(), call), Succeeds());
  EXPECT_FALSE(is_cached());
}

TEST_F(RuntimeTest, DelOfAMissingPluginStillReachesTheOthers) {
  const NetworkConfig missing =
      parsed(R"({"cniVersion":"1.0.0","name":"web","plugins":[{"type":"one"},{"type":"absent"}]})");
  EXPECT_THAT(runtime.del(missing, call), FailsSaying(HasSubstr("\"absent\" failed (delete)")));
  EXPECT_EQ(scripts.calls(), "DEL one\n");
}

TEST_F(RuntimeTest, DelOfWhatWasNeverAddedRunsWithoutPrevResult) {
  ASSERT_THAT(runtime.del(network(), {.container_id = "c1", .ifname = "eth0"}), Succeeds());
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\n");
  EXPECT_FALSE(scripts.config_of("one", "DEL").contains("prevResult"));
  EXPECT_THAT(scripts.environment_of("one", "DEL"), HasSubstr("\nCNI_NETNS=\n"));
}

TEST_F(RuntimeTest, DelOfAnOldListGetsNoPrevResult) {
  const std::string old =
      R"({"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.1.0.2/24"}]})";
  scripts.add_answering("one", old);
  scripts.add_answering("two", old);
  ASSERT_THAT(runtime.add(network("0.3.1"), call), Succeeds());
  EXPECT_TRUE(scripts.config_of("two", "ADD").contains("prevResult"));
  ASSERT_THAT(runtime.del(network("0.3.1"), call), Succeeds());
  EXPECT_FALSE(scripts.config_of("two", "DEL").contains("prevResult"));
  EXPECT_FALSE(scripts.config_of("one", "DEL").contains("prevResult"));
  EXPECT_FALSE(is_cached());
}

TEST_F(RuntimeTest, DelWithADamagedEntryRunsWithoutPrevResultAndRemovesIt) {
  scripts.write(kEntry, R"({"kind":"cniCacheV1","containerId":"c1)");
  testing::internal::CaptureStderr();
  EXPECT_THAT(runtime.del(network(), call), Succeeds());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("web-c1-eth0"));
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\n");
  EXPECT_FALSE(is_cached());
}

TEST_F(RuntimeTest, DelConvertsTheCachedResultToTheVersionOfTheList) {
  ASSERT_THAT(runtime.add(network("1.0.0"), bare), Succeeds());
  ASSERT_THAT(runtime.del(network("0.4.0"), bare), Succeeds());
  const Json previous = scripts.config_of("one", "DEL")["prevResult"];
  EXPECT_EQ(previous["cniVersion"], "0.4.0");
  EXPECT_EQ(previous["ips"][0]["version"], "4");
}

}  // namespace
}  // namespace netctl::cni

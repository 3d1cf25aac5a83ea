#include "tests/unit/cni/runtime_fixture.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::AllOf;
using testing::Eq;
using testing::HasSubstr;

TEST_F(RuntimeTest, AddRunsTheChainInOrderAndPassesEachResultOn) {
  const auto result = runtime.add(network(), call);
  ASSERT_THAT(result, Succeeds());
  ASSERT_EQ(result->ips.size(), 1U);
  EXPECT_EQ(result->ips[0].address.to_text(), "10.1.0.2/24");
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\n");
  EXPECT_FALSE(scripts.config_of("one", "ADD").contains("prevResult"));
  EXPECT_EQ(scripts.config_of("two", "ADD")["prevResult"], parse_json(kFirst).value());
}

TEST_F(RuntimeTest, PluginsGetTheirKeysInOrderWithNameAndVersion) {
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  EXPECT_EQ(scripts.read("seen/one.ADD.stdin"),
            R"({"type":"one","zebra":1,"apple":2,"name":"web","cniVersion":"1.0.0"})");
}

TEST_F(RuntimeTest, PluginsGetTheWholeEnvironment) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  const std::string environment = scripts.environment_of("one", "ADD");
  for (const std::string& variable :
       {std::string("CNI_COMMAND=ADD"), std::string("CNI_CONTAINERID=c1"),
        std::string("CNI_NETNS=/run/netns/c1"), std::string("CNI_IFNAME=eth0"),
        std::string("CNI_ARGS=IgnoreUnknown=1;FOO=bar"), "CNI_PATH=/nowhere:" + scripts.bin(),
        std::string("PATH=/usr/bin:/bin")}) {
    EXPECT_THAT(environment, HasSubstr("\n" + variable + "\n"));
  }
}

TEST_F(RuntimeTest, ArgsAreSetAlsoWhenThereAreNone) {
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  EXPECT_THAT(scripts.environment_of("one", "ADD"), HasSubstr("\nCNI_ARGS=\n"));
}

TEST_F(RuntimeTest, RuntimeConfigHoldsTheCapabilitiesThatAreTrueAndAsked) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  EXPECT_FALSE(scripts.config_of("one", "ADD").contains("runtimeConfig"));
  const Json two = scripts.config_of("two", "ADD");
  EXPECT_EQ(dump_json(two["runtimeConfig"]), R"({"portMappings":[{"hostPort":80}]})");
  EXPECT_TRUE(two.contains("capabilities"));
}

TEST_F(RuntimeTest, InlineRuntimeConfigIsReplacedOnlyWhenThereIsSomethingToSay) {
  const NetworkConfig inlined =
      parsed(R"({"cniVersion":"1.0.0","name":"web","plugins":[{"type":"one",)"
             R"("capabilities":{"mac":true},"runtimeConfig":{"ips":[]}}]})");
  ASSERT_THAT(runtime.add(inlined, bare), Succeeds());
  EXPECT_EQ(dump_json(scripts.config_of("one", "ADD")["runtimeConfig"]), R"({"ips":[]})");
  ASSERT_THAT(runtime.add(inlined, call), Succeeds());
  EXPECT_EQ(dump_json(scripts.config_of("one", "ADD")["runtimeConfig"]), R"({"mac":"02::"})");
}

TEST_F(RuntimeTest, OtherSpellingsOfTheRuntimesKeysAreRemoved) {
  const NetworkConfig spelled =
      parsed(R"({"cniVersion":"1.0.0","name":"web","plugins":[)"
             R"({"type":"one","NAME":"evil","cniversion":"0.1.0","Bridge":"br0"}]})");
  ASSERT_THAT(runtime.add(spelled, bare), Succeeds());
  EXPECT_EQ(scripts.read("seen/one.ADD.stdin"),
            R"({"type":"one","Bridge":"br0","name":"web","cniVersion":"1.0.0"})");
}

TEST_F(RuntimeTest, AResultInAnotherVersionIsConverted) {
  scripts.add_answering("one", R"({"cniVersion":"0.2.0","ip4":{"ip":"10.1.0.2/24"}})");
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  EXPECT_EQ(dump_json(scripts.config_of("two", "ADD")["prevResult"]),
            R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.0.2/24"}]})");
}

TEST_F(RuntimeTest, AResultWithoutVersionIsInTheVersionOfTheList) {
  scripts.add_answering("one", "null");
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  EXPECT_EQ(dump_json(scripts.config_of("two", "ADD")["prevResult"]), R"({"cniVersion":"1.0.0"})");
}

TEST_F(RuntimeTest, AddRemembersTheFinalResultAndTheCall) {
  const NetworkConfig web = network();
  ASSERT_THAT(runtime.add(web, call), Succeeds());
  const auto found = runtime.find_cached("web", {.container_id = "c1", .ifname = "eth0"});
  ASSERT_THAT(found, Succeeds());
  ASSERT_TRUE(*found);
  const CachedAttachment* const cached = &**found;
  EXPECT_EQ(cached->config_text, web.text);
  EXPECT_EQ(cached->call.netns, call.netns);
  EXPECT_EQ(cached->call.args, call.args);
  EXPECT_EQ(parse_json(cached->call.capability_args).value().size(), 3U);
  ASSERT_TRUE(cached->result_json);
  EXPECT_EQ(nlohmann::json::parse(*cached->result_json), nlohmann::json::parse(kSecond));
}

TEST_F(RuntimeTest, AFailedAddIsUndoneInReverseThroughThePluginsThatWereTried) {
  fails_in("two", "ADD", R"({"code":11,"msg":"no luck","details":"today"})");
  scripts.add_answering("three", kFirst);
  const NetworkConfig three =
      parsed(R"({"cniVersion":"1.0.0","name":"web",)"
             R"("plugins":[{"type":"one"},{"type":"two"},{"type":"three"}]})");
  const auto failed = runtime.add(three, call);
  ASSERT_THAT(failed, FailsWith(Errc::TryAgain));
  EXPECT_EQ(failed.error().message, "plugin type=\"two\" failed (add): no luck");
  EXPECT_EQ(failed.error().details, "today");
  EXPECT_EQ(failed.error().protocol_code, 11U);
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\nDEL two\nDEL one\n");
  EXPECT_EQ(scripts.config_of("two", "DEL")["prevResult"], parse_json(kFirst).value());
  EXPECT_FALSE(is_cached());
}

TEST_F(RuntimeTest, UndoingGoesOnPastAPluginThatCannot) {
  scripts.add("two", R"(printf '{"code":999,"msg":"broken %s"}' $CNI_COMMAND; exit 1)");
  testing::internal::CaptureStderr();
  const auto failed = runtime.add(network(), call);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("broken DEL"));
  EXPECT_THAT(failed, FailsSaying(Eq("plugin type=\"two\" failed (add): broken ADD")));
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\nDEL two\nDEL one\n");
}

TEST_F(RuntimeTest, APluginThatRefusesItsInputTwiceIsHeardOnce) {
  scripts.add("two", R"(printf '{"code":7,"msg":"bad config"}'; exit 1)");
  testing::internal::CaptureStderr();
  const auto failed = runtime.add(network(), call);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(failed, FailsSaying(Eq("plugin type=\"two\" failed (add): bad config")));
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\nDEL two\nDEL one\n");
}

TEST_F(RuntimeTest, APluginThatRefusedItsInputAndCannotUndoIsHeard) {
  scripts.add("two",
              R"([ $CNI_COMMAND = ADD ] && code=8 || code=999
                 printf '{"code":%s,"msg":"broken %s"}' $code $CNI_COMMAND; exit 1)");
  testing::internal::CaptureStderr();
  const auto failed = runtime.add(network(), call);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("broken DEL"));
  EXPECT_THAT(failed, FailsSaying(HasSubstr("broken ADD")));
}

TEST_F(RuntimeTest, AnAnswerThatIsNoResultIsAFailureAndUndone) {
  scripts.add("two", "echo hello");
  EXPECT_THAT(runtime.add(network(), call),
              FailsSaying(HasSubstr("plugin type=\"two\" failed (add): invalid result")));
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\nDEL two\nDEL one\n");
}

TEST_F(RuntimeTest, OldListsAreUndoneWithoutPrevResult) {
  fails_in("two", "ADD", R"({"code":7,"msg":"no"})");
  EXPECT_THAT(runtime.add(network("0.3.1"), call), FailsWith(Errc::InvalidArgument));
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\nDEL two\nDEL one\n");
  EXPECT_EQ(scripts.config_of("two", "DEL")["cniVersion"], "0.3.1");
  EXPECT_FALSE(scripts.config_of("two", "DEL").contains("prevResult"));
}

TEST_F(RuntimeTest, AResultThatCannotBeRememberedIsUndone) {
  // The cache's directory becomes a file while the chain runs.
  scripts.add("two", "if [ $CNI_COMMAND = ADD ]; then rm -r " + scripts.path("state") + "; touch " +
                         scripts.path("state") + "; printf '%s' '" + kSecond + "'; fi");
  EXPECT_THAT(runtime.add(network(), call),
              FailsSaying(HasSubstr("remember the result of network \"web\"")));
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\nDEL two\nDEL one\n");
}

TEST_F(RuntimeTest, AFailedRepetitionTakesNothingAwayFromTheFirstAdd) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  fails_in("one", "ADD", R"({"code":999,"msg":"eth0 exists"})");
  forget_calls();
  EXPECT_THAT(runtime.add(network(), call),
              FailsSaying(AllOf(HasSubstr("eth0 exists"), HasSubstr("an earlier ADD"))));
  EXPECT_EQ(scripts.calls(), "ADD one\n");
  EXPECT_TRUE(is_cached());
}

TEST_F(RuntimeTest, ADamagedEntryIsNotInTheWayOfAdd) {
  scripts.write(kEntry, "{");
  testing::internal::CaptureStderr();
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("damaged"));
  EXPECT_TRUE(*runtime.find_cached("web", {.container_id = "c1", .ifname = "eth0"}));
}

TEST_F(RuntimeTest, TheEntryOfAnotherAttachmentIsNotOverwritten) {
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  NetworkConfig other = network();
  other.name = "web-c1";
  std::filesystem::rename(scripts.path(kEntry), scripts.path("state/results/web-c1-c2-eth0"));
  RuntimeCall same_file = bare;
  same_file.container_id = "c2";
  EXPECT_THAT(runtime.add(other, same_file), FailsWith(Errc::Exists));
}

TEST_F(RuntimeTest, NothingRunsUnlessEveryPluginIsThere) {
  const NetworkConfig missing =
      parsed(R"({"cniVersion":"1.0.0","name":"web","plugins":[{"type":"one"},{"type":"absent"}]})");
  EXPECT_THAT(runtime.add(missing, call),
              FailsSaying(HasSubstr(
                  "plugin type=\"absent\" failed (add): failed to find plugin \"absent\"")));
  EXPECT_EQ(scripts.calls(), "");
}

TEST_F(RuntimeTest, NamesAreCheckedBeforeAnythingElse) {
  const struct {
    RuntimeCall call;
    const char* says;
    unsigned code;
  } kTable[] = {
      {{.container_id = "", .netns = "/n", .ifname = "eth0"}, "containerID", 3},
      {{.container_id = "../c1", .netns = "/n", .ifname = "eth0"}, "containerID", 4},
      {{.container_id = "c1", .netns = "/n", .ifname = ""}, "interface name", 4},
      {{.container_id = "c1", .netns = "/n", .ifname = "a/b"}, "interface name", 4},
      {{.container_id = "c1", .netns = "/n", .ifname = "0123456789abcdef"}, "interface name", 4},
  };
  for (const auto& each : kTable) {
    SCOPED_TRACE(each.call.container_id + " " + each.call.ifname);
    const auto added = runtime.add(network(), each.call);
    ASSERT_THAT(added, FailsSaying(HasSubstr(each.says)));
    EXPECT_EQ(added.error().protocol_code, each.code);
    EXPECT_THAT(runtime.del(network(), each.call), FailsSaying(HasSubstr(each.says)));
    EXPECT_THAT(runtime.check(network(), each.call), FailsSaying(HasSubstr(each.says)));
  }
  NetworkConfig escaping = network();
  escaping.name = "../web";
  EXPECT_THAT(runtime.add(escaping, call), FailsSaying(HasSubstr("network name")));
  EXPECT_EQ(scripts.calls(), "");
}

TEST_F(RuntimeTest, WhatAddCannotWorkWithIsRefusedBeforeAnythingRuns) {
  RuntimeCall wrong = bare;
  wrong.netns = "";
  EXPECT_THAT(runtime.add(network(), wrong), FailsSaying(HasSubstr("network namespace")));
  wrong = bare;
  wrong.capability_args = "[1]";
  EXPECT_THAT(runtime.add(network(), wrong), FailsSaying(HasSubstr("capability args")));
  wrong.capability_args = "{";
  EXPECT_THAT(runtime.add(network(), wrong), FailsSaying(HasSubstr("capability args")));
  wrong = bare;
  wrong.args = "FOO";
  EXPECT_THAT(runtime.add(network(), wrong), FailsSaying(HasSubstr("CNI_ARGS")));
  EXPECT_THAT(runtime.add(network("9.9.9"), bare), FailsSaying(HasSubstr("\"9.9.9\"")));
  EXPECT_EQ(scripts.calls(), "");
}

}  // namespace
}  // namespace netctl::cni

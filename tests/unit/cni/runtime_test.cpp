#include "tests/unit/cni/runtime_fixture.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::Eq;
using testing::HasSubstr;

// --- CHECK ----------------------------------------------------------------------------------

TEST_F(RuntimeTest, CheckRunsInOrderWithTheFinalResultAndTheCapabilities) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  forget_calls();
  ASSERT_THAT(runtime.check(network(), bare), Succeeds());
  EXPECT_EQ(scripts.calls(), "CHECK one\nCHECK two\n");
  EXPECT_EQ(nlohmann::json(scripts.config_of("one", "CHECK")["prevResult"]),
            nlohmann::json::parse(kSecond));
  EXPECT_TRUE(scripts.config_of("two", "CHECK").contains("runtimeConfig"));
}

TEST_F(RuntimeTest, CheckStopsAtTheFirstFailure) {
  ASSERT_THAT(runtime.add(network(), call), Succeeds());
  fails_in("one", "CHECK", R"({"code":100,"msg":"address is gone"})");
  forget_calls();
  const auto failed = runtime.check(network(), call);
  ASSERT_THAT(failed, FailsSaying(Eq("plugin type=\"one\" failed (check): address is gone")));
  EXPECT_EQ(failed.error().protocol_code, 100U);
  EXPECT_EQ(scripts.calls(), "CHECK one\n");
}

TEST_F(RuntimeTest, CheckIsRefusedForOldLists) {
  EXPECT_THAT(
      runtime.check(network("0.3.1"), call),
      FailsSaying(Eq("configuration version \"0.3.1\" does not support the CHECK command")));
}

TEST_F(RuntimeTest, CheckOfAListWithDisableCheckRunsNothing) {
  NetworkConfig unchecked = network();
  unchecked.disable_check = true;
  EXPECT_THAT(runtime.check(unchecked, call), Succeeds());
  EXPECT_EQ(scripts.calls(), "");
}

TEST_F(RuntimeTest, CheckOfWhatIsNotAttachedSaysSo) {
  const auto failed = runtime.check(network(), call);
  ASSERT_THAT(failed, FailsWith(Errc::NotFound));
  EXPECT_THAT(failed.error().message, HasSubstr("is not attached to network \"web\""));
  EXPECT_EQ(scripts.calls(), "");
}

// --- GC, STATUS, the cache ------------------------------------------------------------------

TEST_F(RuntimeTest, GcDetachesWhatIsNotValidAndTellsThePlugins) {
  RuntimeCall second = bare;
  second.container_id = "c2";
  ASSERT_THAT(runtime.add(network("1.1.0"), bare), Succeeds());
  ASSERT_THAT(runtime.add(network("1.1.0"), second), Succeeds());
  forget_calls();
  ASSERT_THAT(runtime.gc(network("1.1.0"), {{.container_id = "c2", .ifname = "eth0"}}), Succeeds());
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\nGC one\nGC two\n");
  EXPECT_THAT(scripts.environment_of("one", "DEL"), HasSubstr("\nCNI_CONTAINERID=c1\n"));
  const Json config = scripts.config_of("one", "GC");
  EXPECT_EQ(dump_json(config["cni.dev/valid-attachments"]),
            R"([{"containerID":"c2","ifname":"eth0"}])");
  EXPECT_EQ(config["cni.dev/attachments"], config["cni.dev/valid-attachments"]);
  EXPECT_FALSE(is_cached());
  EXPECT_EQ(runtime.cached("web").size(), 1U);
}

TEST_F(RuntimeTest, GcCanAskWhichCachedAttachmentsAreValid) {
  ASSERT_THAT(runtime.add(network("1.1.0"), bare), Succeeds());
  ASSERT_THAT(runtime.add(network("1.1.0"),
                          {.container_id = "c2", .netns = "/run/netns/c2", .ifname = "eth0"}),
              Succeeds());
  forget_calls();

  const auto detached = runtime.gc_cached(network("1.1.0"), [](const CachedAttachment& each) {
    return each.call.container_id == "c2";
  });

  ASSERT_THAT(detached, Succeeds());
  ASSERT_EQ(detached->size(), 1U);
  EXPECT_EQ(detached->front().call.container_id, "c1");
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\nGC one\nGC two\n");
  EXPECT_THAT(scripts.read("seen/one.GC.stdin"),
              HasSubstr(R"("cni.dev/valid-attachments":[{"containerID":"c2","ifname":"eth0"}])"));
  EXPECT_FALSE(is_cached());
}

// Its plugins would take the address of a living container for nobody's.
TEST_F(RuntimeTest, GcCollectsNothingWhereAnEntryCannotBeUsed) {
  ASSERT_THAT(runtime.add(network("1.1.0"), bare), Succeeds());
  scripts.write("state/results/web-c2-eth0", "{");
  forget_calls();
  EXPECT_THAT(runtime.gc_cached(network("1.1.0"), [](const auto&) { return Result(true); }),
              FailsSaying(HasSubstr("web-c2-eth0")));
  EXPECT_EQ(scripts.calls(), "");
}

// What is to be read there is what a DEL has to undo, or says that there was one.
TEST_F(RuntimeTest, AnEntryThatCannotBeReadIsNeitherForgottenNorTakenForDeleted) {
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  std::filesystem::remove(scripts.path(kEntry));
  std::filesystem::create_symlink("/proc/self/mem", scripts.path(kEntry));  // read(2) fails: EIO
  forget_calls();

  EXPECT_THAT(runtime.del(network(), bare), FailsSaying(HasSubstr("Input/output error")));
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\n");  // to its end, and once more the next time
  EXPECT_TRUE(std::filesystem::is_symlink(scripts.path(kEntry)));
  forget_calls();
  EXPECT_THAT(runtime.renew("two", [](const auto&) { return Result(true); }),
              FailsSaying(HasSubstr("Input/output error")));
  EXPECT_THAT(runtime.check(network(), bare), FailsSaying(HasSubstr("Input/output error")));
  EXPECT_EQ(scripts.calls(), "");
}

TEST_F(RuntimeTest, GcKeepsWhatNobodyCanTellOf) {
  ASSERT_THAT(runtime.add(network("1.1.0"), bare), Succeeds());
  forget_calls();
  const auto unknown = [](const auto&) -> Result<bool> {
    return fail(Errc::Exhausted, "too many open files");
  };
  EXPECT_THAT(runtime.gc_cached(network("1.1.0"), unknown),
              FailsSaying(HasSubstr("too many open files")));
  EXPECT_EQ(scripts.calls(), "GC one\nGC two\n");
  EXPECT_TRUE(is_cached());
}

TEST_F(RuntimeTest, GcOfOldListsOnlyDetachesAndOfDisabledOnesDoesNothing) {
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  NetworkConfig disabled = network();
  disabled.disable_gc = true;
  forget_calls();
  ASSERT_THAT(runtime.gc(disabled, {}), Succeeds());
  EXPECT_EQ(scripts.calls(), "");
  ASSERT_THAT(runtime.gc(network(), {}), Succeeds());
  EXPECT_EQ(scripts.calls(), "DEL two\nDEL one\n");
}

TEST_F(RuntimeTest, RenewRunsAddOfThePluginsOfThatTypeWithTheResultAsItIs) {
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  forget_calls();

  ASSERT_THAT(runtime.renew("two", [](const CachedAttachment&) { return true; }), Succeeds());
  EXPECT_EQ(scripts.calls(), "ADD two\n");
  forget_calls();
  ASSERT_THAT(runtime.renew("two", [](const CachedAttachment&) { return false; }), Succeeds());
  ASSERT_THAT(runtime.renew("other", [](const CachedAttachment&) { return true; }), Succeeds());
  EXPECT_EQ(scripts.calls(), "");

  fails_in("two", "ADD", R"({"code":11,"msg":"busy"})");
  EXPECT_THAT(runtime.renew("two", [](const CachedAttachment&) { return true; }),
              FailsSaying(HasSubstr("container c1: plugin type=\"two\" failed (add): busy")));
}

TEST_F(RuntimeTest, StatusIsTheFirstPluginThatIsNotReady) {
  fails_in("one", "STATUS", R"({"code":50,"msg":"daemon is down"})");
  EXPECT_THAT(runtime.status(network("1.0.0")), Succeeds());
  EXPECT_EQ(scripts.calls(), "");
  const auto status = runtime.status(network("1.1.0"));
  ASSERT_THAT(status, FailsSaying(HasSubstr("daemon is down")));
  EXPECT_EQ(status.error().protocol_code, 50U);
  EXPECT_EQ(scripts.calls(), "STATUS one\n");
}

TEST_F(RuntimeTest, CachedListsOneNetworkOrAll) {
  NetworkConfig other = network();
  other.name = "other";
  ASSERT_THAT(runtime.add(network(), bare), Succeeds());
  ASSERT_THAT(runtime.add(other, bare), Succeeds());
  EXPECT_EQ(runtime.cached("").size(), 2U);
  ASSERT_EQ(runtime.cached("web").size(), 1U);
  EXPECT_EQ(runtime.cached("web")[0].call.container_id, "c1");
  EXPECT_TRUE(runtime.cached("none").empty());
}

}  // namespace
}  // namespace netctl::cni

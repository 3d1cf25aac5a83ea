#include "runtime-core/cni/cache.hpp"

#include <ctime>

#include "runtime-core/cni/base64.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/cni/plugin_scripts.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::PluginScripts;
using test::Succeeds;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Base64, WritesAndReadsTheVectorsOfTheRfc) {
  const struct {
    const char* bytes;
    const char* text;
  } kTable[] = {{"", ""},
                {"f", "Zg=="},
                {"fo", "Zm8="},
                {"foo", "Zm9v"},
                {"foob", "Zm9vYg=="},
                {"fooba", "Zm9vYmE="},
                {"foobar", "Zm9vYmFy"},
                {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& [bytes, text] : kTable) {
    SCOPED_TRACE(text);
    EXPECT_EQ(to_base64(bytes), text);
    const auto parsed = parse_base64(text);
    ASSERT_THAT(parsed, Succeeds());
    EXPECT_EQ(*parsed, bytes);
  }
}

TEST(Base64, LineBreaksAreSkippedAndTheRestIsRefused) {
  const auto broken = parse_base64("Zm9v\r\nYmFy\n");
  ASSERT_THAT(broken, Succeeds());
  EXPECT_EQ(*broken, "foobar");
  for (const char* text : {"Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9 ", "Zm-v", "=Zm9"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(parse_base64(text), FailsWith(Errc::InvalidArgument));
  }
}

CachedAttachment example() {
  return {.network = "chain",
          .call = {.container_id = "cnitool-20b4ff582526573bbe7d",
                   .netns = "/run/netns/c1",
                   .ifname = "eth0",
                   .args = "IgnoreUnknown=1;FOO=bar",
                   .capability_args = R"({"portMappings":[{"hostPort":1,"containerPort":2,)"
                                      R"("protocol":"tcp"}],"mac":"02:00:00:00:00:01"})"},
          .config_text = R"({"name":"chain"})",
          .result_json = R"({"ips": [], "cniVersion": "1.1.0"})"};
}

constexpr char kExampleLine[] =
    R"({"kind":"cniCacheV1","containerId":"cnitool-20b4ff582526573bbe7d",)"
    R"("config":"eyJuYW1lIjoiY2hhaW4ifQ==","ifName":"eth0","networkName":"chain",)"
    R"("netns":"/run/netns/c1","cniArgs":[["IgnoreUnknown","1"],["FOO","bar"]],)"
    R"("capabilityArgs":{"mac":"02:00:00:00:00:01",)"
    R"("portMappings":[{"containerPort":2,"hostPort":1,"protocol":"tcp"}]},)"
    R"("result":{"cniVersion":"1.1.0","ips":[]}})";

TEST(CachedText, IsTheLineThatLibcniWrites) {
  const auto line = to_json(example());
  ASSERT_THAT(line, Succeeds());
  EXPECT_EQ(*line, kExampleLine);
}

TEST(CachedText, WhatIsEmptyIsLeftOut) {
  const auto line =
      to_json(CachedAttachment{.network = "n", .call = {.container_id = "c1", .ifname = "eth0"}});
  ASSERT_THAT(line, Succeeds());
  EXPECT_EQ(*line, R"({"kind":"cniCacheV1","containerId":"c1","config":"","ifName":"eth0",)"
                   R"("networkName":"n"})");
}

TEST(CachedText, IsReadBack) {
  const auto read = parse_cached(kExampleLine);
  ASSERT_THAT(read, Succeeds());
  const CachedAttachment written = example();
  EXPECT_EQ(read->network, written.network);
  EXPECT_EQ(read->call.container_id, written.call.container_id);
  EXPECT_EQ(read->call.netns, written.call.netns);
  EXPECT_EQ(read->call.ifname, written.call.ifname);
  EXPECT_EQ(read->call.args, written.call.args);
  EXPECT_EQ(read->config_text, written.config_text);
  EXPECT_EQ(read->result_json, R"({"cniVersion":"1.1.0","ips":[]})");
  const auto again = to_json(*read);
  ASSERT_THAT(again, Succeeds());
  EXPECT_EQ(*again, kExampleLine);
}

TEST(CachedText, WithoutANamespaceIsInTheOneThatTheResultNamesForTheInterface) {
  const struct {
    const char* result;
    const char* netns;
  } kTable[] = {
      {R"({"interfaces": [{"name": "cni0"}, {"name": "veth1", "sandbox": ""},
           {"name": "eth1", "sandbox": "/run/netns/b"},
           {"name": "eth0", "sandbox": "/run/netns/a"}]})",
       "/run/netns/a"},
      {R"({"interfaces": [{"name": "eth1", "sandbox": "/run/netns/b"}]})", ""},
      {R"({"interfaces": [{"name": "eth0", "sandbox": 7}, "eth0", null]})", ""},
      {R"({"interfaces": {"name": "eth0"}})", ""},
      {R"({"ip4": {"ip": "10.7.0.2/24"}})", ""},
  };
  for (const auto& [result, netns] : kTable) {
    SCOPED_TRACE(result);
    CachedAttachment written = example();
    written.call.netns.clear();
    written.call.ifname = "eth0";
    written.result_json = result;
    const auto text = to_json(written);
    ASSERT_THAT(text, Succeeds());

    const auto read = parse_cached(*text);

    ASSERT_THAT(read, Succeeds());
    EXPECT_EQ(read->call.netns, netns);
  }
}

TEST(CachedText, ArgsThatAreNoPairsAreRefused) {
  for (const char* args : {"FOO", "=bar", ";", "A=1;;B=2"}) {
    SCOPED_TRACE(args);
    CachedAttachment attachment = example();
    attachment.call.args = args;
    EXPECT_THAT(to_json(attachment), FailsSaying(HasSubstr("invalid CNI_ARGS pair")));
  }
}

TEST(CachedText, WhatIsNotAWholeEntryIsRefused) {
  const struct {
    const char* json;
    const char* says;
  } kTable[] = {
      {"", "unexpected end"},
      {R"({"kind":"cniCacheV1","containerId":"c1","ifNa)", "line 1"},
      {"[]", "not an object"},
      {R"({"containerId":"c","ifName":"e","networkName":"n"})", R"("kind": is missing)"},
      {R"({"kind":"v2","containerId":"c","ifName":"e","networkName":"n"})", R"("kind" is "v2")"},
      {R"({"kind":"cniCacheV1","ifName":"e","networkName":"n"})", "containerId"},
      {R"({"kind":"cniCacheV1","containerId":"c","networkName":"n"})", "ifName"},
      {R"({"kind":"cniCacheV1","containerId":"c","ifName":"e"})", "networkName"},
      {R"({"kind":"cniCacheV1","containerId":"c","ifName":"e","networkName":"n","config":"!"})",
       "config"},
      {R"({"kind":"cniCacheV1","containerId":"c","ifName":"e","networkName":"n","cniArgs":[["a"]]})",
       "cniArgs"},
      {R"({"kind":"cniCacheV1","containerId":"c","ifName":"e","networkName":"n","result":"x"})",
       "result"},
  };
  for (const auto& [json, says] : kTable) {
    SCOPED_TRACE(json);
    EXPECT_THAT(parse_cached(json), FailsSaying(HasSubstr(says)));
  }
}

class ResultCacheTest : public testing::Test {
 protected:
  std::filesystem::perms mode_of(const std::string& name) {
    return std::filesystem::status(files.path(name)).permissions();
  }

  PluginScripts files;
  ResultCache cache{files.path("state")};
  const Attachment attachment{.container_id = "cnitool-20b4ff582526573bbe7d", .ifname = "eth0"};
  const std::string entry = "state/results/chain-cnitool-20b4ff582526573bbe7d-eth0";
};

TEST_F(ResultCacheTest, StoresWhereLibcniLooksReadableForTheOwnerOnly) {
  ASSERT_THAT(cache.store(example()), Succeeds());
  EXPECT_EQ(files.read(entry), kExampleLine);
  EXPECT_EQ(mode_of(entry), std::filesystem::perms(0600));
  EXPECT_EQ(mode_of("state/results"), std::filesystem::perms(0700));
}

TEST_F(ResultCacheTest, FindsWhatWasStoredUntilItIsForgotten) {
  const auto before = cache.find("chain", attachment);
  ASSERT_THAT(before, Succeeds());
  EXPECT_FALSE(*before);

  ASSERT_THAT(cache.store(example()), Succeeds());
  const auto found = cache.find("chain", attachment);
  ASSERT_THAT(found, Succeeds());
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->call.netns, "/run/netns/c1");

  ASSERT_THAT(cache.forget("chain", attachment), Succeeds());
  EXPECT_THAT(cache.forget("chain", attachment), Succeeds());
  EXPECT_FALSE(std::filesystem::exists(files.path(entry)));
}

TEST_F(ResultCacheTest, ADamagedEntryIsAnErrorAndCanBeForgotten) {
  files.write(entry, R"({"kind":"cniCacheV1","cont)");
  EXPECT_THAT(cache.find("chain", attachment), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(cache.find("chain", attachment), FailsSaying(HasSubstr(entry)));
  ASSERT_THAT(cache.forget("chain", attachment), Succeeds());
  EXPECT_FALSE(std::filesystem::exists(files.path(entry)));
}

TEST_F(ResultCacheTest, AnotherAttachmentUnderTheSameFileNameIsNotOurs) {
  const Attachment other{.container_id = "b-c", .ifname = "eth0"};
  ASSERT_THAT(cache.store({.network = "a-b", .call = {.container_id = "c", .ifname = "eth0"}}),
              Succeeds());
  EXPECT_THAT(cache.find("a", other), FailsWith(Errc::Exists));
  ASSERT_THAT(cache.forget("a", other), Succeeds());
  EXPECT_TRUE(std::filesystem::exists(files.path("state/results/a-b-c-eth0")));
}

TEST_F(ResultCacheTest, NoNameLeadsOutOfTheDirectory) {
  EXPECT_THAT(cache.find("../x", attachment), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(cache.find("chain", {.container_id = "a/../../b", .ifname = "eth0"}),
              FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(cache.find("chain", {.container_id = "c1", .ifname = "../../x"}),
              FailsWith(Errc::InvalidArgument));
  CachedAttachment escaping = example();
  escaping.call.container_id = "../../etc/c1";
  EXPECT_THAT(cache.store(escaping), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(cache.forget("..", attachment), FailsWith(Errc::InvalidArgument));
}

TEST_F(ResultCacheTest, ListsWhatCanBeUsedAndNothingElse) {
  CachedAttachment second = example();
  second.network = "bridge";
  ASSERT_THAT(cache.store(example()), Succeeds());
  ASSERT_THAT(cache.store(second), Succeeds());
  files.write("state/results/aaa-damaged-eth0", "{");
  files.write("state/results/another-name-eth0", kExampleLine);
  files.write("state/results/.chain.tmp", kExampleLine);
  testing::internal::CaptureStderr();
  const auto all = cache.all();
  const std::string logged = testing::internal::GetCapturedStderr();
  ASSERT_THAT(all, Succeeds());
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].network, "bridge");
  EXPECT_EQ((*all)[1].network, "chain");
  EXPECT_THAT(logged, HasSubstr("aaa-damaged-eth0"));
  EXPECT_THAT(logged, HasSubstr("another-name-eth0"));
}

TEST_F(ResultCacheTest, WhoActsOnWhatIsMissingIsToldOfWhatCannotBeUsed) {
  CachedAttachment longer = example();
  longer.network = "chain-2";
  ASSERT_THAT(cache.store(example()), Succeeds());
  ASSERT_THAT(cache.store(longer), Succeeds());
  files.write("state/results/other-c1-eth0", "{");
  files.write("state/results/.chain-c1-eth0.new", "{");
  const auto found = cache.all_of("chain");
  ASSERT_THAT(found, Succeeds());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().network, "chain");

  files.write("state/results/chain-c2-eth0", "{");
  EXPECT_THAT(cache.all_of("chain"),
              FailsSaying(AllOf(HasSubstr("what is attached to network \"chain\" is not known: "),
                                HasSubstr("chain-c2-eth0"),
                                HasSubstr("delete the file once its container is gone"))));
  EXPECT_THAT(cache.all_of("chain-2"), Succeeds());
}

TEST_F(ResultCacheTest, GivesTheAttachmentsOfOneContainerWithoutReadingTheOthers) {
  const auto store = [&](const std::string& network, const std::string& container) {
    ASSERT_THAT(
        cache.store({.network = network, .call = {.container_id = container, .ifname = "eth0"}}),
        Succeeds());
  };
  store("front", "web");
  store("back", "web");
  store("back", "web-2");
  store("web-web", "db");
  files.write("state/results/front-other-eth0", "{");
  testing::internal::CaptureStderr();
  const auto found = cache.of_container("web");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
  ASSERT_THAT(found, Succeeds());
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].network, "back");
  EXPECT_EQ((*found)[1].network, "front");
}

TEST_F(ResultCacheTest, ADirectoryThatDoesNotExistHasNoEntries) {
  const auto all = cache.all();
  ASSERT_THAT(all, Succeeds());
  EXPECT_THAT(*all, IsEmpty());
}

TEST(ResultCache, ABareResultOfAnOldLibcniIsFoundUnderItsName) {
  const PluginScripts files;
  const std::string result =
      R"({"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.2/24"}]})";
  files.write("results/web-c1-eth0", result);
  const ResultCache cache(files.path(""));

  const auto found = cache.find("web", {.container_id = "c1", .ifname = "eth0"});

  ASSERT_THAT(found, Succeeds());
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->result_json, result);
  EXPECT_EQ((*found)->call.container_id, "c1");
  EXPECT_EQ((*found)->network, "web");
  EXPECT_THAT(*cache.all(), IsEmpty());  // whose it is cannot be told from the name alone
}

TEST(ResultCache, WhatHasNoRoomInAFileNameIsRefusedBeforehand) {
  const PluginScripts files;
  const ResultCache cache(files.path(""));
  CachedAttachment attachment = example();
  EXPECT_THAT(cache.check_storable(attachment), Succeeds());
  attachment.call.container_id = std::string(247 - std::string("chain--eth0").size(), 'x');
  EXPECT_THAT(cache.check_storable(attachment), Succeeds());
  EXPECT_THAT(cache.store(attachment), Succeeds());
  attachment.call.container_id += 'x';
  EXPECT_THAT(cache.check_storable(attachment), FailsSaying(HasSubstr("248 bytes long")));
  attachment = example();
  attachment.call.args = "novalue";
  EXPECT_THAT(cache.check_storable(attachment), FailsSaying(HasSubstr("novalue")));
}

TEST(ResultCache, EntriesTellWhenTheyWereStored) {
  const PluginScripts files;
  const ResultCache cache(files.path(""));
  ASSERT_THAT(cache.store(example()), Succeeds());
  const auto entries = cache.all();
  ASSERT_THAT(entries, Succeeds());
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_NEAR(static_cast<double>(entries->front().stored_at),
              static_cast<double>(std::time(nullptr)), 60);
}

}  // namespace
}  // namespace netctl::cni

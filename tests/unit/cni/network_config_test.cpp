#include "runtime-core/cni/network_config.hpp"

#include "tests/support/matchers.hpp"
#include "tests/unit/cni/plugin_scripts.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::PluginScripts;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> types_of(const NetworkConfig& network) {
  std::vector<std::string> types;
  for (const PluginConfig& plugin : network.plugins) types.push_back(plugin.type);
  return types;
}

std::vector<std::string> names_of(const std::vector<NetworkConfig>& networks) {
  std::vector<std::string> names;
  for (const NetworkConfig& network : networks) names.push_back(network.name);
  return names;
}

std::string list_named(const std::string& name) {
  return R"({"cniVersion":"1.0.0","name":")" + name + R"(","plugins":[{"type":"bridge"}]})";
}

TEST(ParseNetworkList, ReadsWhatTheListSays) {
  const std::string text = R"({"cniVersion": "1.0.0", "name": "web", "disableCheck": true,
    "plugins": [{"type": "bridge", "zebra": 1, "apple": {"x": [1.5]}},
                {"type": "portmap", "capabilities": {"portMappings": true, "mac": false}}]})";
  const auto network = parse_network_list(text, "");
  ASSERT_THAT(network, Succeeds());
  EXPECT_EQ(network->name, "web");
  EXPECT_EQ(network->cni_version, "1.0.0");
  EXPECT_TRUE(network->disable_check);
  EXPECT_FALSE(network->disable_gc);
  EXPECT_EQ(network->text, text);
  EXPECT_THAT(types_of(*network), ElementsAre("bridge", "portmap"));
  EXPECT_EQ(json_of(network->plugins[0]), R"({"type":"bridge","zebra":1,"apple":{"x":[1.5]}})");
  EXPECT_THAT(network->plugins[0].capabilities, IsEmpty());
  EXPECT_THAT(network->plugins[1].capabilities, ElementsAre("portMappings"));
}

TEST(ParseNetworkList, TheNewestVersionThatWeSpeakIsChosen) {
  const struct {
    const char* keys;
    const char* chosen;
  } kTable[] = {
      {"", "0.1.0"},
      {R"("cniVersion": "",)", "0.1.0"},
      {R"("cniVersion": "0.4.0",)", "0.4.0"},
      {R"("cniVersions": ["0.3.1", "1.0.0", "0.4.0"],)", "1.0.0"},
      {R"("cniVersion": "0.4.0", "cniVersions": ["0.3.1"],)", "0.4.0"},
      {R"("cniVersion": "0.4.0", "cniVersions": ["1.1.0", "1.2.0", "9.0.0"],)", "1.1.0"},
      {R"("cniVersion": "1.2.0", "cniVersions": ["1.0.0"],)", "1.0.0"},
      {R"("cniVersion": "1.2.0", "cniVersions": ["1.3.0"],)", "1.2.0"},
      {R"("cniVersion": "1.0.0", "cniVersions": [],)", "1.0.0"},
  };
  for (const auto& [keys, chosen] : kTable) {
    SCOPED_TRACE(keys);
    const auto network = parse_network_list(
        std::string("{") + keys + R"("name": "n", "plugins": [{"type": "x"}]})", "");
    ASSERT_THAT(network, Succeeds());
    EXPECT_EQ(network->cni_version, chosen);
  }
}

TEST(ParseNetworkList, FlagsMayBeTextInAnyCase) {
  const auto network = parse_network_list(
      R"({"name":"n","disableCheck":"TRUE","disableGC":"false","plugins":[{"type":"x"}]})", "");
  ASSERT_THAT(network, Succeeds());
  EXPECT_TRUE(network->disable_check);
  EXPECT_FALSE(network->disable_gc);
}

TEST(ParseNetworkList, KeysOfPluginsMayBeInEitherCase) {
  const auto network = parse_network_list(
      R"({"name":"n","plugins":[{"TYPE":"x","Capabilities":{"mac":true}}]})", "");
  ASSERT_THAT(network, Succeeds());
  EXPECT_THAT(types_of(*network), ElementsAre("x"));
  EXPECT_THAT(network->plugins[0].capabilities, ElementsAre("mac"));
}

TEST(ParseNetworkList, RefusalsNameTheFileAndTheKey) {
  const struct {
    const char* json;
    const char* says;
  } kTable[] = {
      {"", "unexpected end of JSON input"},
      {"{", "unexpected end"},
      {"[]", "not a JSON object"},
      {R"({"plugins":[{"type":"x"}]})", R"("name" is missing)"},
      {R"({"NAME":"n","plugins":[{"type":"x"}]})", R"("name" is missing)"},
      {R"({"name":7,"plugins":[{"type":"x"}]})", R"("name": 7 is not a text)"},
      {R"({"name":"../n","plugins":[{"type":"x"}]})", R"("name": "../n")"},
      {R"({"name":"","plugins":[{"type":"x"}]})", "missing network name"},
      {R"({"name":"n"})", R"("plugins" is missing)"},
      {R"({"name":"n","loadOnlyInlinedPlugins":true})", R"("plugins" is missing)"},
      {R"({"name":"n","plugins":[]})", R"("plugins" is not a list of plugins)"},
      {R"({"name":"n","plugins":{}})", R"("plugins" is not a list of plugins)"},
      {R"({"name":"n","plugins":["x"]})", R"(plugin "x" is not an object)"},
      {R"({"name":"n","plugins":[{}]})", R"(a plugin has no "type")"},
      {R"({"name":"n","plugins":[{"type":""}]})", R"(a plugin has no "type")"},
      {R"({"name":"n","plugins":[{"type":1}]})", R"("type": 1 is not a text)"},
      {R"({"name":"n","plugins":[{"type":"x","capabilities":[]}]})", R"("capabilities": [])"},
      {R"({"name":"n","plugins":[{"type":"x","capabilities":{"mac":"yes"}}]})",
       R"("capabilities.mac": "yes" is not true or false)"},
      {R"({"name":"n","disableCheck":"maybe","plugins":[{"type":"x"}]})",
       R"("disableCheck": "maybe" is not true or false)"},
      {R"({"name":"n","cniVersion":1,"plugins":[{"type":"x"}]})", R"("cniVersion": 1)"},
      {R"({"name":"n","cniVersions":"1.0.0","plugins":[{"type":"x"}]})", R"("cniVersions")"},
      {R"({"name":"n","cniVersions":["one"],"plugins":[{"type":"x"}]})", R"("one")"},
  };
  for (const auto& [json, says] : kTable) {
    SCOPED_TRACE(json);
    const auto refused = parse_network_list(json, "/etc/cni/net.d/10-x.conflist");
    EXPECT_THAT(refused, FailsSaying(AllOf(testing::StartsWith("/etc/cni/net.d/10-x.conflist: "),
                                           HasSubstr(says))));
  }
}

TEST(ParseNetworkList, AllThatIsWrongIsSaidAtOnce) {
  EXPECT_THAT(parse_network_list(R"({"disableGC":3,"plugins":[{}]})", ""),
              FailsSaying(AllOf(HasSubstr("name"), HasSubstr("disableGC"), HasSubstr("type"))));
}

TEST(ParseSinglePlugin, BecomesAListOfOneWhoseTextIsAList) {
  const auto network =
      parse_single_plugin(R"({"type":"bridge","name":"web","mtu":9000,"cniVersion":"0.4.0"})", "");
  ASSERT_THAT(network, Succeeds());
  EXPECT_EQ(network->name, "web");
  EXPECT_EQ(network->cni_version, "0.4.0");
  EXPECT_THAT(types_of(*network), ElementsAre("bridge"));
  EXPECT_EQ(network->text, R"({"cniVersion":"0.4.0","name":"web","plugins":[)"
                           R"({"type":"bridge","name":"web","mtu":9000,"cniVersion":"0.4.0"}]})");
  const auto again = parse_network_list(network->text, "");
  ASSERT_THAT(again, Succeeds());
  EXPECT_EQ(json_of(again->plugins[0]), json_of(network->plugins[0]));
}

TEST(ParseSinglePlugin, AListUnderTheWrongFileNameIsToldSo) {
  EXPECT_THAT(parse_single_plugin(list_named("n"), "/x/10-n.conf"),
              FailsSaying(AllOf(HasSubstr("/x/10-n.conf"), HasSubstr(".conflist"))));
  EXPECT_THAT(parse_single_plugin(R"({"type":"bridge"})", "/x/10-n.conf"),
              FailsSaying(HasSubstr(R"("name" is missing)")));
}

TEST(SiblingFolder, ItsPluginsAreAppendedInTheOrderOfTheirNames) {
  const PluginScripts files;
  files.write("web/20-b.conf", R"({"type":"second"})");
  files.write("web/10-a.conf", R"({"type":"first","capabilities":{"mac":true}})");
  files.write("web/note.txt", "not a config");
  files.write("10-web.conflist", list_named("web"));
  const auto network = parse_network_list(list_named("web"), files.path("10-web.conflist"));
  ASSERT_THAT(network, Succeeds());
  EXPECT_THAT(types_of(*network), ElementsAre("bridge", "first", "second"));
  EXPECT_THAT(network->plugins[1].capabilities, ElementsAre("mac"));

  // What the cache keeps says all of it without the folder.
  const auto alone = parse_network_list(network->text, files.path("10-web.conflist"));
  ASSERT_THAT(alone, Succeeds());
  EXPECT_THAT(types_of(*alone), ElementsAre("bridge", "first", "second"));
}

TEST(SiblingFolder, MayHoldAllThePlugins) {
  const PluginScripts files;
  files.write("web/10-a.conf", R"({"type":"only"})");
  const auto network = parse_network_list(R"({"name":"web"})", files.path("web.conflist"));
  ASSERT_THAT(network, Succeeds());
  EXPECT_THAT(types_of(*network), ElementsAre("only"));
}

TEST(SiblingFolder, IsNotReadWhereTheListForbidsIt) {
  const PluginScripts files;
  files.write("web/10-a.conf", R"({"type":"beside"})");
  const auto network = parse_network_list(
      R"({"name":"web","loadOnlyInlinedPlugins":true,"plugins":[{"type":"inlined"}]})",
      files.path("web.conflist"));
  ASSERT_THAT(network, Succeeds());
  EXPECT_THAT(types_of(*network), ElementsAre("inlined"));
}

TEST(SiblingFolder, ABrokenPluginInItBreaksTheNetwork) {
  const PluginScripts files;
  files.write("web/10-a.conf", "{}");
  EXPECT_THAT(parse_network_list(list_named("web"), files.path("web.conflist")),
              FailsSaying(HasSubstr("web/10-a.conf: invalid config: a plugin has no \"type\"")));
}

TEST(LoadNetworks, ListsComeBeforeSinglePluginsEachByFileName) {
  const PluginScripts files;
  files.write("net.d/20-b.conflist", list_named("b"));
  files.write("net.d/10-a.conflist", list_named("a"));
  files.write("net.d/05-d.json", R"({"name":"d","type":"x"})");
  files.write("net.d/01-c.conf", R"({"name":"c","type":"x"})");
  files.write("net.d/00-ignored.conflist.bak", "x");
  files.write("net.d/folder.conflist/x.conf", "x");
  const auto found = load_networks(files.path("net.d"));
  ASSERT_THAT(found, Succeeds());
  EXPECT_THAT(names_of(found->networks), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(found->broken, IsEmpty());
  EXPECT_EQ(found->networks[0].file, files.path("net.d/10-a.conflist"));
}

TEST(LoadNetworks, ABrokenFileHidesNoOther) {
  const PluginScripts files;
  files.write("net.d/00-broken.conflist", "{");
  files.write("net.d/10-good.conflist", list_named("good"));
  std::filesystem::create_symlink("/nowhere/at/all", files.path("net.d/20-dangling.conflist"));
  const auto found = load_networks(files.path("net.d"));
  ASSERT_THAT(found, Succeeds());
  EXPECT_THAT(names_of(found->networks), ElementsAre("good"));
  ASSERT_EQ(found->broken.size(), 1U);
  EXPECT_THAT(found->broken[0].message,
              testing::StartsWith(files.path("net.d/00-broken.conflist: ")));
}

TEST(LoadNetworks, ADirectoryThatDoesNotExistHasNone) {
  const auto found = load_networks("/nowhere/net.d");
  ASSERT_THAT(found, Succeeds());
  EXPECT_THAT(found->networks, IsEmpty());
}

TEST(LoadNetworks, AFileThatCannotBeReadMayHoldAnyNetwork) {
  const PluginScripts files;
  files.write("net.d/10-good.conflist", list_named("good"));
  std::filesystem::create_symlink("/proc/self/mem", files.path("net.d/20-mem.conflist"));
  const auto found = load_networks(files.path("net.d"));
  ASSERT_THAT(found, Succeeds());
  EXPECT_THAT(names_of(found->networks), ElementsAre("good"));
  EXPECT_THAT(found->broken, IsEmpty());
  ASSERT_EQ(found->unread.size(), 1U);
  EXPECT_THAT(found->unread[0].message, HasSubstr("net.d/20-mem.conflist: Input/output error"));
}

}  // namespace
}  // namespace netctl::cni

// What is looked at before the plugin is called, and in which order.
#include <unistd.h>

#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "tests/unit/cni/told.hpp"

namespace netctl::cni {
namespace {

using test::call;
using test::config_of;
using test::environment_for;
using test::FakePlugin;
using test::one_address;
using test::Seen;
using test::Told;
using test::told_by;
using testing::HasSubstr;
using testing::IsEmpty;

// Everything that is wrong at once; each row mends the thing that the row before complained of.
TEST(Run, ChecksInTheOrderOfTheReference) {
  FakePlugin plugin;
  Environment environment{{"CNI_COMMAND", "FOO"}};
  std::string config;
  const auto told = [&] { return told_by(call(plugin, environment, config)); };

  EXPECT_EQ(told().message, "error unmarshall network config: unexpected end of JSON input");
  EXPECT_EQ(told().code, kDecodeFailure);
  config = R"({"cniVersion":"9.9.9"})";
  EXPECT_EQ(told().message, "missing network name");
  EXPECT_EQ(told().code, kInvalidConfig);
  config = R"({"cniVersion":"9.9.9","name":"a/b"})";
  EXPECT_EQ(told().message, "invalid characters found in network name");
  EXPECT_EQ(told().details, "a/b");
  config = R"({"cniVersion":"9.9.9","name":"a","dns":5})";
  EXPECT_EQ(told().message, "unknown CNI_COMMAND: FOO");
  EXPECT_EQ(told().code, kBadEnvironment);
  environment = environment_for("ADD");
  EXPECT_EQ(told().message, "incompatible CNI versions");
  EXPECT_EQ(told().code, kIncompatibleVersion);
  EXPECT_EQ(
      told().details,
      R"(config is "9.9.9", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" )"
      R"("1.1.0"])");
  config = R"({"cniVersion":"1.1.0","name":"a","dns":5})";
  environment["CNI_NETNS"] = "/proc/self/ns/net";
  EXPECT_EQ(told().message, "invalid config: \"dns\": 5 is not an object");
  EXPECT_EQ(told().code, kInvalidConfig);
  config = config_of("1.1.0");
  EXPECT_EQ(told().code, kInvalidNetns);
  EXPECT_THAT(plugin.calls, IsEmpty());
}

TEST(Run, ChecksTheEnvironmentBeforeStdin) {
  FakePlugin plugin;
  const Told told = told_by(call(plugin, {{"CNI_COMMAND", "ADD"}}, "no json"));
  EXPECT_EQ(told.code, kBadEnvironment);
  EXPECT_EQ(told.message,
            "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing");
}

TEST(Run, KnowsSinceWhenThereAreWhichCommands) {
  struct Row {
    const char* command;
    const char* version;
    const char* refused;  // empty: served
  };
  const Row table[] = {
      {"CHECK", "", "config version does not allow CHECK"},
      {"CHECK", "0.3.1", "config version does not allow CHECK"},
      {"CHECK", "0.4.0", ""},
      {"CHECK", "1.0.0", ""},
      {"CHECK", "9.9.9", "plugin version does not allow CHECK"},
      {"CHECK", "0.5.0", "incompatible CNI versions"},
      {"GC", "1.0.0", "config version does not allow GC"},
      {"GC", "1.1.0", ""},
      {"GC", "1.2.0", "plugin version does not allow GC"},
      {"STATUS", "0.4.0", "config version does not allow STATUS"},
      {"STATUS", "1.1.0", ""},
      {"STATUS", "2.0.0", "plugin version does not allow STATUS"},
      {"ADD", "1.0", "incompatible CNI versions"},
      {"DEL", "1.2.0", "incompatible CNI versions"},
      {"ADD", "bad", "incompatible CNI versions"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(format("{} {}", row.command, row.version));
    FakePlugin plugin;
    const Seen seen = call(plugin, environment_for(row.command), config_of(row.version));
    if (std::string_view(row.refused).empty()) {
      EXPECT_EQ(seen.exit_status, 0) << seen.out;
    } else {
      EXPECT_EQ(told_by(seen).message, row.refused);
      EXPECT_EQ(told_by(seen).code, kIncompatibleVersion);
      EXPECT_THAT(plugin.calls, IsEmpty());
    }
  }
}

TEST(Run, SaysWhyAVersionIsNone) {
  FakePlugin plugin;
  const Told told = told_by(call(plugin, environment_for("CHECK"), config_of("bad")));
  EXPECT_EQ(told.code, kDecodeFailure);
  EXPECT_THAT(told.message, HasSubstr("failed to convert major version part \"bad\""));
}

TEST(Run, RefusesVersionsThatThePluginDoesNotSpeak) {
  FakePlugin plugin;
  plugin.supported = {"0.4.0", "1.0.0"};
  const Told told = told_by(call(plugin, environment_for("ADD"), R"({"name":"n"})"));
  EXPECT_EQ(told.details, R"(config is "0.1.0", plugin supports ["0.4.0" "1.0.0"])");
}

TEST(Run, RefusesItsOwnNamespaceBeforeAnythingIsDone) {
  for (const char* command : {"ADD", "DEL"}) {
    SCOPED_TRACE(command);
    FakePlugin plugin;
    Environment environment = environment_for(command);
    environment["CNI_NETNS"] = format("/proc/{}/ns/net", ::getpid());
    const Told told = told_by(call(plugin, environment, config_of("1.1.0")));
    EXPECT_EQ(told.code, kInvalidNetns);
    EXPECT_EQ(told.message, "plugin's netns and netns from CNI_NETNS should not be the same");
    EXPECT_THAT(plugin.calls, IsEmpty());
  }
}

TEST(Run, TakesItsOwnNamespaceWhereThatIsMeant) {
  Environment environment = environment_for("ADD");
  environment["CNI_NETNS"] = "/proc/self/ns/net";
  FakePlugin host;
  host.own_netns = false;
  EXPECT_EQ(call(host, environment, config_of("1.1.0")).exit_status, 0);

  environment["CNI_NETNS_OVERRIDE"] = "True";
  FakePlugin any;
  EXPECT_EQ(call(any, environment, config_of("1.1.0")).exit_status, 0);

  environment.erase("CNI_NETNS_OVERRIDE");
  environment["CNI_COMMAND"] = "CHECK";
  EXPECT_EQ(call(any, environment, config_of("1.1.0")).exit_status, 0);
}

TEST(Run, DelNeedsNeitherNamespaceNorPrevResult) {
  Environment environment = environment_for("DEL");
  environment.erase("CNI_NETNS");
  FakePlugin plugin;
  for (const char* config :
       {R"({"name":"n"})", R"({"name":"n","prevResult":7})",
        R"({"name":"n","cniVersion":"1.0.0","prevResult":{"cniVersion":"0.2.0"}})"}) {
    EXPECT_EQ(call(plugin, environment, config).exit_status, 0) << config;
    EXPECT_FALSE(plugin.last->prev_result);
  }
  EXPECT_EQ(plugin.calls.size(), 3U);
}

TEST(Run, PassesPrevResultOnInAnotherVersionOfItsShape) {
  FakePlugin plugin;
  call(plugin, environment_for("CHECK"), R"({"name":"n","cniVersion":"0.4.0",
    "prevResult":{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.0.0.2/24"}]}})");
  ASSERT_TRUE(plugin.last);
  EXPECT_EQ(plugin.last->prev_result, one_address());
}

}  // namespace
}  // namespace netctl::cni

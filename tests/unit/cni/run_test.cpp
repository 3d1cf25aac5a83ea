#include <unistd.h>

#include <fstream>
#include <new>
#include <stdexcept>

#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/cni/fake_plugin.hpp"

namespace netctl::cni {
namespace {

using test::call;
using test::environment_for;
using test::FakePlugin;
using test::Seen;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCommands[] = {"ADD", "DEL", "CHECK", "GC", "STATUS"};

AddResult one_address() {
  AddResult result;
  result.ips = {{.address = *parse_ip_prefix("10.0.0.2/24")}};
  return result;
}

std::string config_of(std::string_view version) {
  return format(R"({{"cniVersion":"{}","name":"n1","type":"fake"}})", version);
}

// The one error object that a failed call prints, and nothing else.
struct Told {
  unsigned code = 0;
  std::string message{};
  std::string details{};
};

Told told_by(const Seen& seen) {
  EXPECT_EQ(seen.exit_status, 1);
  const auto object = parse_json(seen.out);
  if (!object || !object->is_object() || !object->contains("code") || !object->contains("msg")) {
    ADD_FAILURE() << "not one error object: " << seen.out.substr(0, 300);
    return {};
  }
  return {.code = object->at("code").get<unsigned>(),
          .message = object->at("msg").get<std::string>(),
          .details = object->value("details", "")};
}

TEST(Run, WithoutACommandTellsAPersonWhatItIs) {
  FakePlugin plugin;
  const Seen seen = call(plugin, {}, "");
  EXPECT_EQ(seen.exit_status, 0);
  EXPECT_EQ(seen.out, "");
  EXPECT_THAT(seen.err, testing::MatchesRegex("CNI fake plugin v[0-9.]+ \\(netctl\\)\n"
                                              "CNI protocol versions supported: 0.1.0, 0.2.0, "
                                              "0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n"));
  EXPECT_THAT(plugin.calls, IsEmpty());
}

TEST(Run, AnswersVersionOnOneLineAndReadsNothing) {
  FakePlugin plugin;
  std::istringstream in("not read");
  std::ostringstream out;
  std::ostringstream err;
  const int status =
      run(plugin, {.environment = {{"CNI_COMMAND", "VERSION"}}, .in = in, .out = out, .err = err});
  EXPECT_EQ(status, 0);
  EXPECT_EQ(out.str(),
            R"({"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0",)"
            R"("1.0.0","1.1.0"]})"
            "\n");
  EXPECT_EQ(in.tellg(), 0);
}

TEST(Run, AnswersVersionWithThePluginsOwn) {
  FakePlugin plugin;
  plugin.supported = {"0.4.0", "1.0.0"};
  EXPECT_EQ(call(plugin, {{"CNI_COMMAND", "VERSION"}}, "").out,
            "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\"]}\n");
}

TEST(Run, PrintsTheResultInTheVersionOfTheConfig) {
  for (const std::string_view version : kVersions) {
    SCOPED_TRACE(version);
    FakePlugin plugin;
    plugin.result = one_address();
    const Seen seen = call(plugin, environment_for("ADD"), config_of(version));
    EXPECT_EQ(seen.exit_status, 0);
    const auto object = parse_json(seen.out);
    ASSERT_TRUE(object) << seen.out;
    EXPECT_EQ(object->at("cniVersion"), version);
    EXPECT_EQ(object->contains("ip4"), version < "0.3.0");
    EXPECT_EQ(object->contains("ips"), version >= "0.3.0");
    EXPECT_EQ(object->contains("dns"), version < "1.0.0");
    EXPECT_EQ(seen.out.back(), '}');
  }
}

TEST(Run, PrintsNothingForTheOtherCommands) {
  for (const char* command : {"DEL", "CHECK", "GC", "STATUS"}) {
    SCOPED_TRACE(command);
    FakePlugin plugin;
    const Seen seen = call(plugin, environment_for(command), config_of("1.1.0"));
    EXPECT_EQ(seen.exit_status, 0);
    EXPECT_EQ(seen.out, "");
    EXPECT_EQ(seen.err, "");
    EXPECT_THAT(plugin.calls, ElementsAre(command));
  }
}

TEST(Run, PrintsThePluginsErrorAsItIs) {
  for (const char* command : kCommands) {
    SCOPED_TRACE(command);
    FakePlugin plugin;
    plugin.on_add = [] { return failure(kTryAgainLater, "later", "much"); };
    plugin.on_other = [] { return Status(failure(kTryAgainLater, "later", "much")); };
    const Seen seen = call(plugin, environment_for(command), config_of("1.1.0"));
    EXPECT_EQ(seen.out,
              "{\n    \"code\": 11,\n    \"msg\": \"later\",\n    \"details\": \"much\"\n}");
    EXPECT_EQ(seen.exit_status, 1);
  }
}

TEST(Run, GivesAnErrorWithoutACodeTheInternalOne) {
  FakePlugin plugin;
  plugin.on_add = [] { return fail(Errc::Exists, "taken"); };
  const Told told = told_by(call(plugin, environment_for("ADD"), config_of("1.0.0")));
  EXPECT_EQ(told.code, 999U);
  EXPECT_EQ(told.message, "taken");
}

TEST(Run, TellsAStatusWithoutACodeAsNotAvailable) {
  FakePlugin plugin;
  plugin.on_other = [] { return Status(fail(Errc::NotFound, "no such feature")); };
  EXPECT_EQ(told_by(call(plugin, environment_for("STATUS"), config_of("1.1.0"))).code,
            kNotAvailable);
  EXPECT_EQ(told_by(call(plugin, environment_for("CHECK"), config_of("1.1.0"))).code, kInternal);
  plugin.on_other = [] { return Status(failure(kLimitedConnectivity, "worse")); };
  EXPECT_EQ(told_by(call(plugin, environment_for("STATUS"), config_of("1.1.0"))).code,
            kLimitedConnectivity);
}

TEST(Run, TurnsWhatAPluginThrowsIntoAnErrorObject) {
  const std::pair<std::function<void()>, std::string_view> table[] = {
      {[] { throw std::runtime_error("boom"); }, "fake plugin failed: boom"},
      {[] { throw std::bad_alloc(); }, "fake plugin failed: std::bad_alloc"},
      {[] { throw 5; }, "fake plugin failed with an exception"},
  };
  for (const auto& [raise, words] : table) {
    SCOPED_TRACE(words);
    FakePlugin plugin;
    plugin.on_add = [raise = raise]() -> Result<AddResult> {
      raise();
      return AddResult{};
    };
    const Told told = told_by(call(plugin, environment_for("ADD"), config_of("1.0.0")));
    EXPECT_EQ(told.code, 999U);
    EXPECT_EQ(told.message, words);
  }
}

TEST(Run, UndoesAnAddThatTheVersionHasNoShapeFor) {
  FakePlugin plugin;  // no address
  const Told told = told_by(call(plugin, environment_for("ADD"), config_of("0.2.0")));
  EXPECT_EQ(told.message, "cannot convert: no valid IP addresses");
  EXPECT_EQ(told.code, 999U);
  EXPECT_EQ(plugin.calls.size(), 2U);
}

TEST(Run, TellsWhyEvenWhenUndoingThrows) {
  FakePlugin plugin;
  plugin.on_other = []() -> Status { throw std::runtime_error("undo"); };
  EXPECT_EQ(told_by(call(plugin, environment_for("ADD"), config_of("0.2.0"))).message,
            "cannot convert: no valid IP addresses");
}

TEST(Run, UndoesAnAddWhoseResultNobodyReads) {
  FakePlugin plugin;
  std::istringstream in(config_of("1.1.0"));
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  std::ostringstream err;
  const int status =
      run(plugin, {.environment = environment_for("ADD"), .in = in, .out = out, .err = err});
  EXPECT_EQ(status, 1);
  EXPECT_EQ(plugin.calls.size(), 2U);
}

TEST(Run, SaysThatStdinCannotBeRead) {
  struct Broken : std::streambuf {
    int_type underflow() override { throw std::ios_base::failure("read"); }
  } buffer;
  FakePlugin plugin;
  std::istream in(&buffer);
  std::ostringstream out;
  std::ostringstream err;
  run(plugin, {.environment = environment_for("ADD"), .in = in, .out = out, .err = err});
  EXPECT_THAT(out.str(), HasSubstr("\"code\": 5"));
  EXPECT_THAT(out.str(), HasSubstr("error reading from stdin"));
}

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

// --- inputs that nobody should send -----------------------------------------------------------

// A config with every key that the protocol itself has.
constexpr std::string_view kFullConfig =
    R"({"cniVersion":"1.1.0","name":"n1","type":"fake","capabilities":{"mac":true},)"
    R"("ipam":{"type":"host-local","x":[1,-2.5e3]},"dns":{"nameservers":["10.0.0.53"],)"
    R"("domain":"d\u00e9","search":["a"],"options":["b"]},"prevResult":{"cniVersion":"1.0.0",)"
    R"("interfaces":[{"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/c1"}],)"
    R"("ips":[{"address":"10.0.0.2/24","gateway":"10.0.0.1","interface":0}],)"
    R"("routes":[{"dst":"0.0.0.0/0","table":0}],"dns":{}},"runtimeConfig":null})";

std::vector<std::string> malformed() {
  std::vector<std::string> inputs;
  for (std::size_t size = 0; size < kFullConfig.size(); ++size) {
    inputs.emplace_back(kFullConfig.substr(0, size));
  }
  for (const char* text : {"[]",
                           "[{}]",
                           "5",
                           "-",
                           "\"x\"",
                           "true",
                           "tru",
                           "{",
                           "}",
                           "]",
                           ",",
                           "{}{}",
                           "{\"a\"}",
                           "{'a':1}",
                           "{a:1}",
                           "{\"a\":1,}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":1e}",
                           "{\"a\":1e999}",
                           "{\"a\":NaN}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\n\"}",
                           "// {}",
                           "/**/{}",
                           "\xff\xfe{\0}",
                           "{\"name\":\"a\xff\"}",
                           "{\"name\":\"a\xc3\"}",
                           "\xef\xbb\xbf",
                           "{} x",
                           "<xml/>",
                           "---\nname: x"}) {
    inputs.emplace_back(text);
  }
  inputs.emplace_back("{\"name\":\"n\"}\0", 13);
  inputs.emplace_back("\0\0\0\0", 4);
  inputs.emplace_back(100'000, '[');
  inputs.emplace_back(1'000'000, '{');
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  inputs.push_back(deep);
  inputs.push_back("{\"name\":\"n\",\"x\":" + std::string(65, '[') + std::string(65, ']') + "}");
  inputs.push_back("{\"name\":\"n\",\"x\":\"" + std::string(10'000'000, 'x') + "\"}");
  inputs.push_back(std::string(10'000'000, ' ') + std::string(kFullConfig));
  inputs.emplace_back(10'000'000, '\xff');
  std::string wide = "{\"x\":\"n\"";
  for (int i = 0; i < 10'000; ++i) wide += format(",\"k{}\":0", i);
  inputs.push_back(wide + "}");  // no name
  return inputs;
}

// What is JSON, but not what its key wants, put in place of `value` in {"key": value}.
std::vector<std::string> wrongly_typed() {
  const std::pair<std::string_view, std::vector<std::string_view>> keys[] = {
      {R"("name":{})",
       {"5", "true", "[]", "{}", "null", "\"\"", "\".\"", "\"a b\"", "\"a\\u0000\""}},
      {R"("name":"n","cniVersion":{})",
       {"5", "true", "[]", "{}", "\"x\"", "\"1.1\"", "\"1.1.0 \"", "\"-1\"", "\"1.1.0.0\""}},
      {R"("name":"n","CNIVersion":"1.0.0","cniversion":{})", {"1", "[]", "\"7.0.0\""}},
      {R"("name":"n","ipam":{})", {"5", "true", "[]", "\"x\"", R"({"type":1})", R"({"TYPE":[]})"}},
      {R"("name":"n","dns":{})",
       {"5", "false", "[]", "\"x\"", R"({"nameservers":"x"})", R"({"nameservers":[1]})",
        R"({"search":{}})", R"({"options":[null]})", R"({"domain":[]})"}},
      {R"("name":"n","cniVersion":"1.1.0","prevResult":{})",
       {"5",
        "true",
        "[]",
        "\"x\"",
        R"({"cniVersion":1})",
        R"({"cniVersion":"0.2.0"})",
        R"({"cniVersion":"x"})",
        R"({"ips":{}})",
        R"({"ips":[1]})",
        R"({"ips":[{}]})",
        R"({"ips":[null]})",
        R"({"ips":[{"address":1}]})",
        R"({"ips":[{"address":"10.0.0.1"}]})",
        R"({"ips":[{"address":"10.0.0.1/33"}]})",
        R"({"ips":[{"address":"::1/129"}]})",
        R"({"ips":[{"address":"10.0.0.1/24","gateway":"x"}]})",
        R"({"ips":[{"address":"10.0.0.1/24","interface":"0"}]})",
        R"({"ips":[{"address":"10.0.0.1/24","interface":-1}]})",
        R"({"ips":[{"address":"10.0.0.1/24","interface":4294967296}]})",
        R"({"interfaces":"x"})",
        R"({"interfaces":[[]]})",
        R"({"interfaces":[{"name":1}]})",
        R"({"interfaces":[{"name":"a","mtu":-1}]})",
        R"({"interfaces":[{"name":"a","mtu":1.5}]})",
        R"({"interfaces":[{"name":"a","sandbox":{}}]})",
        R"({"routes":5})",
        R"({"routes":[{}]})",
        R"({"routes":[{"dst":"x"}]})",
        R"({"routes":[{"dst":"10.0.0.0/8","gw":7}]})",
        R"({"routes":[{"dst":"10.0.0.0/8","table":-1}]})",
        R"({"routes":[{"dst":"10.0.0.0/8","scope":256}]})",
        R"({"routes":[{"dst":"10.0.0.0/8","mtu":"x"}]})",
        R"({"dns":5})"}},
      {R"("name":"n","cniVersion":"0.2.0","prevResult":{})",
       {R"({"ip4":5})", R"({"ip4":{}})", R"({"ip4":{"ip":"x"}})", R"({"ip6":{"ip":5}})",
        R"({"ip4":{"ip":"10.0.0.1/8","routes":[{}]}})"}},
  };
  std::vector<std::string> inputs;
  for (const auto& [key, values] : keys) {
    const auto place = key.rfind("{}");
    for (const std::string_view value : values) {
      inputs.push_back(format("{{{}{}}}", key.substr(0, place), value));
    }
  }
  return inputs;
}

TEST(Run, NeverTakesTheFullConfigForABrokenOne) {
  FakePlugin plugin;
  EXPECT_EQ(call(plugin, environment_for("ADD"), std::string(kFullConfig)).exit_status, 0);
}

TEST(Run, AnswersAnyBrokenInputWithOneErrorObject) {
  std::vector<std::string> inputs = malformed();
  for (std::string& input : wrongly_typed()) inputs.push_back(std::move(input));
  ASSERT_GE(inputs.size(), 200U);
  for (const std::string& input : inputs) {
    SCOPED_TRACE(input.substr(0, 300));
    FakePlugin plugin;
    plugin.result = one_address();
    const Seen seen = call(plugin, environment_for("ADD"), input);
    const Told told = told_by(seen);
    EXPECT_TRUE(told.code == kIncompatibleVersion || told.code == kDecodeFailure ||
                told.code == kInvalidConfig)
        << told.code;
    EXPECT_NE(told.message, "");
    EXPECT_LT(seen.out.size(), 2000U);
    EXPECT_THAT(plugin.calls, IsEmpty());
  }
}

TEST(Run, AnswersAnyMalformedInputForEveryCommand) {
  for (const char* command : {"DEL", "CHECK", "GC", "STATUS", "FOO"}) {
    for (const std::string input : {"", "[", "[]", "{\"name\":1}", "{}", "{\"name\":\"a\xff\"}"}) {
      SCOPED_TRACE(format("{} {}", command, input));
      FakePlugin plugin;
      const Told told = told_by(call(plugin, environment_for(command), input));
      EXPECT_TRUE(told.code == kDecodeFailure || told.code == kInvalidConfig) << told.code;
      EXPECT_THAT(plugin.calls, IsEmpty());
    }
  }
}

TEST(Run, AnswersAnyBrokenEnvironmentWithOneErrorObject) {
  const std::pair<const char*, std::string> table[] = {
      {"CNI_COMMAND", "add"},
      {"CNI_COMMAND", "ADD "},
      {"CNI_COMMAND", "\xff"},
      {"CNI_CONTAINERID", "\xff\xfe"},
      {"CNI_CONTAINERID", "a/../../b"},
      {"CNI_CONTAINERID", std::string(100'000, '/')},
      {"CNI_IFNAME", std::string(100'000, 'x')},
      {"CNI_IFNAME", "a\xa0"},
      {"CNI_IFNAME", "eth0\n"},
      {"CNI_PATH", ""},
      {"CNI_NETNS", ""},
  };
  for (const auto& [name, value] : table) {
    SCOPED_TRACE(format("{} {}", name, value.substr(0, 100)));
    FakePlugin plugin;
    Environment environment = environment_for("ADD");
    environment[name] = value;
    EXPECT_EQ(told_by(call(plugin, environment, config_of("1.1.0"))).code, kBadEnvironment);
    EXPECT_THAT(plugin.calls, IsEmpty());
  }
}

}  // namespace
}  // namespace netctl::cni

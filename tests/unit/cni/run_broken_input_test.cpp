// Inputs that nobody should send.
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
using testing::IsEmpty;

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

#include "runtime-core/cni/args.hpp"

#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using test::Succeeds;
using ArgValues = std::map<std::string, std::string>;

TEST(Args, GivesTheKnownKeys) {
  const std::pair<std::string_view, ArgValues> table[] = {
      {"", {}},
      {"IP=10.0.0.5", {{"IP", "10.0.0.5"}}},
      {"IP=10.0.0.5;MAC=02:00:00:00:00:01", {{"IP", "10.0.0.5"}, {"MAC", "02:00:00:00:00:01"}}},
      {"IP=", {{"IP", ""}}},
      {"IP=1;IP=2", {{"IP", "2"}}},
      {"IgnoreUnknown=1", {}},
      {"IgnoreUnknown=0;IP=1", {{"IP", "1"}}},
      {"IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;IP=1", {{"IP", "1"}}},
      {"FOO=bar;IgnoreUnknown=TRUE", {}},
      {"IgnoreUnknown=true;=x", {}},
  };
  for (const auto& [text, values] : table) {
    SCOPED_TRACE(text);
    const auto parsed = parse_args(text, {"IP", "MAC"});
    ASSERT_THAT(parsed, Succeeds());
    EXPECT_EQ(*parsed, values);
  }
}

TEST(Args, OfAnotherPluginAreNoErrorAndNotGiven) {
  const auto parsed = parse_args("IP=10.0.0.5;MAC=02:00:00:00:00:01;GATEWAY=10.0.0.1", {"IP"});
  ASSERT_THAT(parsed, Succeeds());
  EXPECT_EQ(*parsed, (ArgValues{{"IP", "10.0.0.5"}}));
}

TEST(Args, AreRefusedInUpstreamsWords) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"x", "ARGS: invalid pair \"x\""},
      {"IP=1;", "ARGS: invalid pair \"\""},
      {";IP=1", "ARGS: invalid pair \"\""},
      {"IP=a=b", "ARGS: invalid pair \"IP=a=b\""},
      {"IgnoreUnknown=1;x", "ARGS: invalid pair \"x\""},
      {"FOO=bar", "ARGS: unknown args [\"FOO=bar\"]"},
      {"A=1;IP=2;B=3", "ARGS: unknown args [\"A=1\" \"B=3\"]"},
      {"ip=1", "ARGS: unknown args [\"ip=1\"]"},
      {"IgnoreUnknown=false;A=1", "ARGS: unknown args [\"A=1\"]"},
      {"ignoreunknown=1", "ARGS: unknown args [\"ignoreunknown=1\"]"},
      {"IgnoreUnknown=yes",
       "ARGS: error parsing value of pair \"IgnoreUnknown=yes\": boolean unmarshal error: invalid "
       "input yes"},
  };
  for (const auto& [text, words] : table) {
    SCOPED_TRACE(text);
    const auto parsed = parse_args(text, {"IP"});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().message, words);
  }
}

}  // namespace
}  // namespace netctl::cni

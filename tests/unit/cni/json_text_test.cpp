#include "runtime-core/cni/json_text.hpp"

#include "runtime-core/cni/capabilities.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(JsonText, PiecesMakeAWhole) {
  EXPECT_EQ(json_string("a \"b\"\n"), R"("a \"b\"\n")");
  EXPECT_EQ(json_list({}), "[]");
  EXPECT_EQ(json_strings({"a", "b"}), R"(["a","b"])");
  EXPECT_EQ(json_object({}), "{}");
  EXPECT_EQ(json_object({{"a", "1"}, {"b", json_strings({"x"})}}), R"({"a":1,"b":["x"]})");
  EXPECT_EQ(*indent_json(R"({"a":[1]})"), "{\n    \"a\": [\n        1\n    ]\n}");
}

TEST(MergeJson, TheLaterObjectWins) {
  EXPECT_EQ(*merge_json(R"({"a":1,"b":2})", R"({"b":3,"c":4})", "x"), R"({"a":1,"b":3,"c":4})");
  EXPECT_EQ(*merge_json("", R"({"a":1})", "x"), R"({"a":1})");
  EXPECT_EQ(*merge_json("", "", "x"), "");
  EXPECT_EQ(*merge_json("{}", "{}", "x"), "");
}

TEST(MergeJson, WhatIsNoObjectIsRefusedByName) {
  for (const char* text : {"[]", "7", "{", "null"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(merge_json(text, "", "CAP_ARGS"), FailsSaying(HasSubstr("CAP_ARGS: ")));
    EXPECT_THAT(merge_json("", text, "--cap"), FailsSaying(HasSubstr("--cap: ")));
  }
}

TEST(Capabilities, PortMappingsComeBackAsTheyWere) {
  const std::vector<PortMapping> mappings{{.host_port = 8080, .container_port = 80},
                                          {.host_ip = *parse_ip_address("::1"),
                                           .host_port = 53,
                                           .container_port = 5353,
                                           .protocol = Protocol::Udp}};
  const std::string json = port_mappings_json(mappings);
  EXPECT_EQ(json, R"([{"hostPort":8080,"containerPort":80,"protocol":"tcp"},)"
                  R"({"hostPort":53,"containerPort":5353,"protocol":"udp","hostIP":"::1"}])");
  EXPECT_EQ(port_mappings_of(json_object({{"portMappings", json}})), mappings);
  EXPECT_EQ(port_mappings_json({}), "[]");
}

TEST(Capabilities, WhatIsNoPortMappingIsLeftOut) {
  for (const char* text : {"", "[]", "{}", "{", R"({"portMappings":7})"}) {
    EXPECT_THAT(port_mappings_of(text), IsEmpty()) << text;
  }
  EXPECT_THAT(
      port_mappings_of(
          R"({"portMappings":[{"hostPort":-1,"containerPort":1},{"hostPort":2,"containerPort":3}]})"),
      ElementsAre(PortMapping{.host_port = 2, .container_port = 3}));
}

// Both versions of YAML have to read back what JSON said.
TEST(Yaml, HasALineForEachValue) {
  const auto yaml = to_yaml(
      R"({"name":"web","ports":[80,{"host":"0.0.0.0:8080","all":true}],"none":[],"empty":{},"list":[["a","b"]],"null":null})");
  ASSERT_THAT(yaml, Succeeds());
  EXPECT_EQ(*yaml,
            "name: web\n"
            "ports:\n"
            "  - 80\n"
            "  - host: \"0.0.0.0:8080\"\n"
            "    all: true\n"
            "none: []\n"
            "empty: {}\n"
            "list:\n"
            "  - - a\n"
            "    - b\n"
            "\"null\": null\n");
}

TEST(Yaml, QuotesWhatWouldBeTakenForSomethingElse) {
  const std::pair<const char*, const char*> table[] = {
      {R"("web")", "web\n"},
      {R"("/run/netns/web")", "/run/netns/web\n"},
      {R"("a b, c")", "a b, c\n"},
      {R"("")", "\"\"\n"},
      {R"("yes")", "\"yes\"\n"},
      {R"("Null")", "\"Null\"\n"},
      {R"("172.17.0.2/16")", "\"172.17.0.2/16\"\n"},
      {R"("2026-11-24T07:00:00Z")", "\"2026-11-24T07:00:00Z\"\n"},
      {R"("1e3")", "\"1e3\"\n"},
      {R"("a: b")", "\"a: b\"\n"},
      {R"("a #b")", "\"a #b\"\n"},
      {R"("ends:")", "\"ends:\"\n"},
      {R"("- a")", "\"- a\"\n"},
      {R"("fd00::2")", "fd00::2\n"},
      {R"("a\nb\"c\\")", "\"a\\nb\\\"c\\\\\"\n"},
      {"\"del\x7f\"", "\"del\\x7f\"\n"},
      {"\"next line\xc2\x85\"", "\"next line\\x85\"\n"},
      {"\"n\xc3\xa4me\"", "\"n\xc3\xa4me\"\n"},
      {"12", "12\n"},
      {"[]", "[]\n"},
  };
  for (const auto& [json, expected] : table) {
    SCOPED_TRACE(json);
    EXPECT_EQ(to_yaml(json).value_or("(refused)"), expected);
  }
  EXPECT_FALSE(to_yaml("{"));
}

}  // namespace
}  // namespace netctl::cni

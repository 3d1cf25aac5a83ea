#include "runtime-core/cni/json_text.hpp"

#include "runtime-core/cni/capabilities.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
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
  const std::string args = port_mapping_args(mappings);
  EXPECT_EQ(args, R"({"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"},)"
                  R"({"hostPort":53,"containerPort":5353,"protocol":"udp","hostIP":"::1"}]})");
  EXPECT_EQ(port_mappings_of(args), mappings);
  EXPECT_EQ(port_mapping_args({}), "");
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

}  // namespace
}  // namespace netctl::cni

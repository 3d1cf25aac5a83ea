#include "runtime-core/cni/json.hpp"

#include "runtime-core/addr/port.hpp"
#include "runtime-core/cni/error.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

Document document(std::string_view text) {
  auto root = parse_json(text);
  EXPECT_THAT(root, Succeeds());
  return {.root = root ? *std::move(root) : Json()};
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseJson, KeepsTheOrderOfTheText) {
  const Document parsed = document(R"({"b": 1, "a": [true, null, -2, 1.5], "b": "last"})");
  EXPECT_EQ(dump_json(parsed.root), R"({"a":[true,null,-2,1.5],"b":"last"})");
}

TEST(ParseJson, TakesScalarsToo) {
  EXPECT_EQ(document(" 18446744073709551615 ").root, 18446744073709551615U);
  EXPECT_EQ(document("\"\\u00e4\\n\"").root, "\u00e4\n");
}

TEST(ParseJson, SaysWhatIsWrong) {
  const std::pair<std::string, std::string_view> table[] = {
      {"", "unexpected end of JSON input"},
      {" \n", "unexpected end of JSON input"},
      {"{\"a\":", "line 1, column 6: unexpected end of JSON input"},
      {"{a:1}", "line 1, column 2"},
      {"{\"a\":1}x", "line 1, column 8"},
      {"{\"a\":1,}", "line 1, column 8"},
      {"\"\xff\"", "ill-formed UTF-8 byte"},
      {"1e999", "number overflow"},
      {"NaN", "invalid literal"},
  };
  for (const auto& [text, words] : table) {
    SCOPED_TRACE(text);
    EXPECT_THAT(parse_json(text), FailsSaying(HasSubstr(words)));
  }
}

TEST(ParseJson, IsNotEndedByANulByte) {
  EXPECT_THAT(parse_json(std::string_view("{}\0", 3)), FailsSaying(HasSubstr("byte 2 is NUL")));
  EXPECT_THAT(parse_json(std::string_view("\0", 1)), FailsSaying(HasSubstr("byte 0 is NUL")));
}

TEST(ParseJson, QuotesNoMoreThanIsReadable) {
  const auto parsed = parse_json("\"" + std::string(100'000, 'x'));
  ASSERT_FALSE(parsed);
  EXPECT_LT(parsed.error().message.size(), 400U);
}

TEST(ParseJson, HasBounds) {
  EXPECT_THAT(parse_json(nested(kMaxJsonDepth)), Succeeds());
  EXPECT_THAT(parse_json(nested(kMaxJsonDepth + 1)), FailsSaying(HasSubstr("deeper than 64")));
  EXPECT_THAT(parse_json(std::string(100'000, '[')), FailsSaying(HasSubstr("deeper than 64")));
  EXPECT_THAT(parse_json("\"" + std::string(kMaxJsonBytes, 'x') + "\""),
              FailsSaying(HasSubstr("bytes of JSON")));
}

TEST(ParseJson, KeepsTheLastOfRepeatedKeysWhereItStands) {
  EXPECT_EQ(dump_json(document(R"({"a":1,"b":2,"a":3,"c":{"x":1,"x":2},"b":4,"a":5})").root),
            R"({"c":{"x":2},"b":4,"a":5})");
}

TEST(ParseJson, TakesObjectsWithManyMembers) {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) text += format("\"k{}\":0,", i % 15'000);
  const Document parsed = document(text + "\"last\":1}");
  EXPECT_EQ(parsed.root.size(), 15'001U);
}

TEST(TextOf, ADocumentIsTheTextItCameAsOrItsValue) {
  EXPECT_EQ(text_of({.root = {{"a", 1}}, .text = "{ \"a\": 1 }"}), "{ \"a\": 1 }");
  EXPECT_EQ(text_of({.root = {{"a", 1}}}), R"({"a":1})");
}

TEST(SetMember, ReplacesWhereTheKeyStandsAndAddsAtTheEnd) {
  Json object = document(R"({"a": 1, "b": {"c": [2]}})").root;
  set_member(object, "a", "one");
  for (const char* key : {"d", "e", "f", "g"}) set_member(object, key, true);
  set_member(object, "A", nullptr);
  EXPECT_EQ(dump_json(object),
            R"({"a":"one","b":{"c":[2]},"d":true,"e":true,"f":true,"g":true,"A":null})");
}

TEST(SortKeys, OrdersThemByTheirBytesAtEveryLevel) {
  Json value = document(R"({"b": [{"z": 1, "Z": 2, "a": {}}, "text"], "B": null, "a": 3})").root;
  sort_keys(value);
  EXPECT_EQ(dump_json(value), R"({"B":null,"a":3,"b":[{"Z":2,"a":{},"z":1},"text"]})");
}

TEST(FindMember, IgnoresCaseAndTakesTheLastSpelling) {
  const std::pair<std::string_view, int> table[] = {
      {R"({"mtu":1})", 1},
      {R"({"MTU":1})", 1},
      {R"({"mtu":1,"MTU":2})", 2},
      {R"({"MTU":2,"mtu":1})", 1},
      {R"({"mtu":1,"MTU":2,"mtu":3})", 3},
      {R"({"mtu":1,"Mtu":null})", 1},
  };
  for (const auto& [text, number] : table) {
    SCOPED_TRACE(text);
    const Document parsed = document(text);
    const Json* found = find_member(parsed.root, "mtu");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, number);
  }
}

TEST(FindMember, FindsNothingWhereNothingIs) {
  EXPECT_EQ(find_member(document(R"({"a":null,"mtus":1})").root, "mtu"), nullptr);
  EXPECT_EQ(find_member(document("[1]").root, "mtu"), nullptr);
}

// Each kind of value once, as a plugin's config has them.
struct Values {
  std::string text = "default";
  bool flag = true;
  std::uint32_t number = 7;
  std::int16_t negative = 0;
  std::optional<std::uint8_t> scope{};
  std::vector<std::string> list{"default"};
  std::map<std::string, std::string> map{};
  IpAddress address{};
  std::optional<IpPrefix> prefix{};
  std::optional<MacAddress> mac{};
  Protocol protocol = Protocol::Sctp;
};

Values read_values(const Document& config, Problems& problems) {
  Values values;
  const ObjectReader keys(config, problems);
  keys.read("text", values.text);
  keys.read("flag", values.flag);
  keys.read("number", values.number, 1, 4094);
  keys.read("negative", values.negative);
  keys.read("scope", values.scope);
  keys.read("list", values.list);
  keys.read("map", values.map);
  keys.read("address", values.address);
  keys.read("prefix", values.prefix);
  keys.read("mac", values.mac);
  keys.read("protocol", values.protocol, parse_protocol);
  return values;
}

TEST(ObjectReader, ReadsEveryKindOfValue) {
  const Document config = document(R"({
    "TEXT": "t", "flag": false, "number": 4094, "negative": -32768, "scope": 0,
    "list": ["a", "b"], "map": {"net.ipv4.x": "1", "NET.ipv4.x": "2"},
    "address": "10.0.0.1", "prefix": "fd00::/64", "mac": "02:00:00:00:00:01", "protocol": "UDP"})");
  Problems problems;
  const Values values = read_values(config, problems);
  EXPECT_EQ(problems.text(), "");
  EXPECT_EQ(values.text, "t");
  EXPECT_FALSE(values.flag);
  EXPECT_EQ(values.number, 4094U);
  EXPECT_EQ(values.negative, -32768);
  EXPECT_EQ(values.scope, 0);
  EXPECT_EQ(values.list, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(values.map.size(), 2U);
  EXPECT_EQ(values.address.to_text(), "10.0.0.1");
  EXPECT_EQ(values.prefix->to_text(), "fd00::/64");
  EXPECT_EQ(values.mac->to_text(), "02:00:00:00:00:01");
  EXPECT_EQ(values.protocol, Protocol::Udp);
}

TEST(ObjectReader, LeavesDefaultsWhereNothingIsSaid) {
  for (const char* text :
       {"{}", "null", R"({"text":null,"flag":null,"number":null,"scope":null,"list":null,
                          "map":null,"address":null,"prefix":"","mac":"","protocol":""})"}) {
    SCOPED_TRACE(text);
    Problems problems;
    const Document config = document(text);
    const Values values = read_values(config, problems);
    EXPECT_EQ(problems.text(), "");
    EXPECT_EQ(values.text, "default");
    EXPECT_TRUE(values.flag);
    EXPECT_EQ(values.number, 7U);
    EXPECT_EQ(values.list, std::vector<std::string>{"default"});
    EXPECT_FALSE(values.scope || values.prefix || values.mac);
    EXPECT_EQ(values.protocol, Protocol::Sctp);
  }
}

TEST(ObjectReader, NamesKeyAndValueOfAProblem) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {R"({"text":5})", R"("text": 5 is not a text)"},
      {R"({"flag":"true"})", R"("flag": "true" is not true or false)"},
      {R"({"flag":1})", R"("flag": 1 is not true or false)"},
      {R"({"number":"abc"})", R"("number": "abc" is not a number)"},
      {R"({"number":true})", R"("number": true is not a number)"},
      {R"({"number":1.5})", R"("number": 1.5 is not a whole number)"},
      {R"({"number":0})", R"("number": 0 is not between 1 and 4094)"},
      {R"({"number":4095})", R"("number": 4095 is not between 1 and 4094)"},
      {R"({"number":18446744073709551615})",
       R"("number": 18446744073709551615 is not between 1 and 4094)"},
      {R"({"negative":-32769})", R"("negative": -32769 is not between -32768 and 32767)"},
      {R"({"scope":256})", R"("scope": 256 is not between 0 and 255)"},
      {R"({"list":"a"})", R"("list": "a" is not a list)"},
      {R"({"list":["a",{}]})", R"("list[1]": an object is not a text)"},
      {R"({"map":[]})", R"("map": a list is not an object)"},
      {R"({"map":{"k":1}})", R"("map.k": 1 is not a text)"},
      {R"({"address":"10.0.0.256"})", R"("address": "10.0.0.256" is not an IP address)"},
      {R"({"prefix":"10.0.0.0"})", R"("prefix": "10.0.0.0" is not in CIDR notation: no "/length")"},
      {R"([])", "a list is not an object"},
  };
  for (const auto& [text, words] : table) {
    SCOPED_TRACE(text);
    Problems problems;
    const Document config = document(text);
    const Values values = read_values(config, problems);
    EXPECT_EQ(problems.text(), words);
    EXPECT_EQ(values.number, 7U);
    EXPECT_EQ(values.list, std::vector<std::string>{"default"});
  }
}

TEST(ObjectReader, CollectsAllProblemsInOneError) {
  const Document config = document(R"({"text":5,"flag":0,"mac":"x"})");
  Problems problems;
  read_values(config, problems);
  problems.add("and one of the plugin");
  const Status status = problems.status();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().protocol_code, kInvalidConfig);
  EXPECT_THAT(status.error().message,
              testing::MatchesRegex("invalid config: \"text\": 5 is not a text; \"flag\": 0 is not "
                                    "true or false; \"mac\": .*; and one of the plugin"));
}

TEST(ObjectReader, ShortensLongValuesInProblems) {
  const Document config = document("{\"number\":\"" + std::string(100'000, 'x') + "\"}");
  Problems problems;
  read_values(config, problems);
  EXPECT_LT(problems.text().size(), 400U);
}

TEST(ObjectReader, FollowsChildrenThatAreNotThere) {
  const Document config = document(R"({"args":{"cni":{"mac":"02:00:00:00:00:01"}}})");
  Problems problems;
  const ObjectReader keys(config, problems);
  std::optional<MacAddress> mac;
  EXPECT_FALSE(keys.child("runtimeConfig").child("x").read("mac", mac));
  EXPECT_FALSE(keys.child("runtimeConfig").exists());
  EXPECT_TRUE(keys.child("args").child("cni").read("mac", mac));
  EXPECT_TRUE(problems.empty());
}

TEST(ObjectReader, TellsThePathOfAProblem) {
  const Document config =
      document(R"({"ipam":{"ranges":[[{"subnet":"x"}],[{}],5],"routes":[{"dst":1},2]}})");
  Problems problems;
  const ObjectReader ipam = ObjectReader(config, problems).child("ipam");
  IpPrefix prefix;
  for (const auto& set : ipam.lists_of_children("ranges")) {
    for (const ObjectReader& range : set) range.require("subnet", prefix);
  }
  for (const ObjectReader& route : ipam.children("routes")) route.require("dst", prefix);
  EXPECT_EQ(problems.text(),
            R"("ipam.ranges[2]": 5 is not a list; )"
            R"("ipam.ranges[0][0].subnet": "x" is not in CIDR notation: no "/length"; )"
            R"("ipam.ranges[1][0].subnet": is missing; )"
            R"("ipam.routes[1]": 2 is not an object; )"
            R"("ipam.routes[0].dst": 1 is not a text; )"
            R"("ipam.routes[1].dst": is missing)");
}

TEST(ObjectReader, WantsWhatIsRequiredAndSaysItOnce) {
  for (const char* text : {"{}", R"({"a":null})", R"({"a":""})"}) {
    const Document config = document(text);
    Problems problems;
    IpAddress address;
    EXPECT_FALSE(ObjectReader(config, problems).require("a", address));
    EXPECT_EQ(problems.text(), R"("a": is missing)") << text;
  }
}

}  // namespace
}  // namespace netctl::cni

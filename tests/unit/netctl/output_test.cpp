#include "netctl/output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netctl/filters.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::command {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::AllOf;
using testing::HasSubstr;

const Facts kWeb{fact("name", "Web"),
                 fact("addresses", std::vector<std::string>{"10.0.0.2/24", "fd00::2/64"}),
                 fact("attached", 3)};
const Facts kLonger{fact("name", "a-longer-name"), fact("addresses", std::vector<std::string>{}),
                    fact("attached", 12)};

std::string rendered(std::string_view text) { return render(text, kWeb).value_or("(refused)"); }

TEST(Render, PutsFactsWhereTheTemplateNamesThem) {
  const std::pair<const char*, const char*> table[] = {
      {"plain", "plain"},
      {"{{.name}}", "Web"},
      {"{{.Name}}:{{ .Attached }}", "Web:3"},
      {"{{json .Name}}", "\"Web\""},
      {"{{json .addresses}}", R"(["10.0.0.2/24","fd00::2/64"])"},
      {"{{.Addresses}}", "10.0.0.2/24, fd00::2/64"},
      {"{{lower .Name}} {{upper .Name}}", "web WEB"},
      {"{{json .}}", R"({"name":"Web","addresses":["10.0.0.2/24","fd00::2/64"],"attached":3})"},
      {"json", R"({"name":"Web","addresses":["10.0.0.2/24","fd00::2/64"],"attached":3})"},
      {R"(a\tb\n\x)", "a\tb\n\\x"},
      {"", ""},
  };
  for (const auto& [text, expected] : table) {
    SCOPED_TRACE(text);
    EXPECT_EQ(rendered(text), expected);
  }
}

TEST(Render, RefusalsSayWhatThereIs) {
  EXPECT_THAT(render("{{.Nmae}}", kWeb),
              FailsSaying(AllOf(HasSubstr(".Nmae"), HasSubstr(".name, .addresses, .attached"))));
  EXPECT_THAT(render("{{join .Name}}", kWeb), FailsSaying(HasSubstr("json, lower, upper")));
  EXPECT_THAT(render("{{.Name", kWeb), FailsSaying(HasSubstr("}}")));
  EXPECT_THAT(render("{{Name}}", kWeb), FailsSaying(HasSubstr("{{.Field}}")));
  EXPECT_THAT(render("{{.Name | json}}", kWeb), FailsSaying(HasSubstr("{{.Field}}")));
}

class Printed : public testing::Test {
 protected:
  std::string list(const Output& output) {
    static constexpr std::array<Column, 4> kColumns{{{"NAME", "name", 5},
                                                     {"ADDRESSES", "addresses"},
                                                     {"ATTACHED", "attached"},
                                                     {"ALSO", "name", 0, true}}};
    testing::internal::CaptureStdout();
    EXPECT_THAT(print_list({kWeb, kLonger}, kColumns, "name", output), Succeeds());
    return testing::internal::GetCapturedStdout();
  }
};

TEST_F(Printed, ATableIsAlignedAndShortened) {
  EXPECT_EQ(list({}),
            "NAME    ADDRESSES                 ATTACHED\n"
            "Web     10.0.0.2/24, fd00::2/64   3\n"
            "a-lon                             12\n");
}

TEST_F(Printed, FlagsShowAllOrLess) {
  EXPECT_THAT(list({.whole = true}), HasSubstr("a-longer-name   "));
  EXPECT_THAT(list({.no_heading = true}), testing::StartsWith("Web"));
  EXPECT_EQ(list({.quiet = true}), "Web\na-longer-name\n");
}

TEST_F(Printed, JsonIsAListOrALineEach) {
  EXPECT_THAT(list({.json = true}), testing::StartsWith("[\n    {\n        \"name\": \"Web\""));
  const std::string lines = list({.format = "json"});
  EXPECT_EQ(std::ranges::count(lines, '\n'), 2);
  EXPECT_THAT(lines, HasSubstr("{\"name\":\"a-longer-name\",\"addresses\":[],\"attached\":12}\n"));
}

TEST_F(Printed, YamlIsTheSameInLines) {
  EXPECT_EQ(list({.yaml = true}),
            "- name: Web\n"
            "  addresses:\n"
            "    - \"10.0.0.2/24\"\n"
            "    - fd00::2/64\n"
            "  attached: 3\n"
            "- name: a-longer-name\n"
            "  addresses: []\n"
            "  attached: 12\n");
}

TEST_F(Printed, WideHasMoreColumnsAndCutsNothing) {
  EXPECT_EQ(list({.wide = true}),
            "NAME            ADDRESSES                 ATTACHED   ALSO\n"
            "Web             10.0.0.2/24, fd00::2/64   3          Web\n"
            "a-longer-name                             12         a-longer-name\n");
}

TEST(ShowList, KeepsWhatTheFiltersLetThroughWhateverTheForm) {
  static constexpr std::array<Column, 1> kColumns{{{"NAME", "name"}}};
  static constexpr std::array<std::string_view, 2> kKeys{{"name", "addresses"}};
  const List plain{.columns = kColumns, .name = "name", .filters = kKeys, .read = [] {
                     return Result(std::vector<Facts>{kWeb, kLonger});
                   }};
  const auto shown = [](const List& list, const Output& output) {
    testing::internal::CaptureStdout();
    EXPECT_THAT(show_list(list, output), Succeeds());
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(shown(plain, {.quiet = true, .filters = {"name=Web"}}), "Web\n");
  // One address of several.
  EXPECT_EQ(shown(plain, {.no_heading = true, .filters = {"addresses=fd00::2/64"}}), "Web\n");
  EXPECT_EQ(shown(plain, {.json = true, .filters = {"name=nobody"}}), "[]\n");
  EXPECT_EQ(shown(plain, {.yaml = true, .filters = {"name=nobody"}}), "[]\n");
  EXPECT_THAT(show_list(plain, {.filters = {"colour=red"}}),
              FailsSaying(HasSubstr("name, addresses")));

  List lines = plain;
  lines.line = [](const Facts& facts) { return "<" + facts[0].text + ">"; };
  EXPECT_EQ(shown(lines, {}), "<Web>\n<a-longer-name>\n");
  EXPECT_EQ(shown(lines, {.wide = true}), "NAME\nWeb\na-longer-name\n");

  List own = plain;
  own.holds = [](const Filter& filter, const Facts& facts) {
    return facts[0].text.starts_with(filter.value);
  };
  EXPECT_EQ(shown(own, {.quiet = true, .filters = {"name=a-"}}), "a-longer-name\n");
}

TEST_F(Printed, TemplatesMakeLinesOrATable) {
  EXPECT_EQ(list({.format = "{{.Name}} {{.Attached}}"}), "Web 3\na-longer-name 12\n");
  EXPECT_EQ(list({.format = R"(table {{.Name}}\t{{.Attached}})"}),
            "NAME            ATTACHED\nWeb             3\na-longer-name   12\n");
}

TEST(AgeText, IsInTheLargestUnit) {
  const std::pair<int, const char*> table[] = {
      {-5, "0 seconds"}, {0, "0 seconds"},  {1, "1 second"},  {59, "59 seconds"}, {60, "1 minute"},
      {7199, "1 hour"},  {7200, "2 hours"}, {86400, "1 day"}, {864000, "10 days"}};
  for (const auto& [seconds, text] : table) EXPECT_EQ(age_text(seconds), text);
}

TEST(Filters, OfOneKeyOneHasToHoldAndOfDifferentKeysAll) {
  const auto filters = parse_filters({"name=a", "name=b", "state=up"}, {"name", "state"});
  ASSERT_THAT(filters, Succeeds());
  const auto shown = [&](const std::string& name, const std::string& state) {
    return matches(*filters, [&](const Filter& filter) {
      return filter.value == (filter.key == "name" ? name : state);
    });
  };
  EXPECT_TRUE(shown("a", "up"));
  EXPECT_TRUE(shown("b", "up"));
  EXPECT_FALSE(shown("c", "up"));
  EXPECT_FALSE(shown("a", "down"));
}

TEST(Filters, WithoutAValueOrWithAnUnknownKeyAreRefused) {
  for (const char* text : {"name", "colour=red", "=x", ""}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(parse_filters({text}, {"name", "state"}), FailsSaying(HasSubstr("name, state")));
  }
}

}  // namespace
}  // namespace netctl::command

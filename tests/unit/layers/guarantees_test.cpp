// docs/guarantees.md names the tests that show each promise: a test that was renamed or removed
// must not go on being named there.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl {
namespace {

const std::filesystem::path kSource = NETCTL_SOURCE_DIR;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// What the expression's first two groups match in a text, as "Suite.Name".
std::set<std::string> names_in(const std::string& text, const std::regex& expression) {
  std::set<std::string> names;
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end;
       ++match) {
    names.insert((*match)[1].str() + "." + (*match)[2].str());
  }
  return names;
}

std::set<std::string> tests_there_are() {
  const std::regex test(R"(TEST(?:_F|_P)?\((\w+),\s+(\w+)\))");
  std::set<std::string> tests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "tests")) {
    if (entry.path().extension() != ".cpp") continue;
    tests.merge(names_in(content_of(entry.path()), test));
  }
  return tests;
}

TEST(Guarantees, EachNamesTestsThatThereAre) {
  const auto named = names_in(content_of(kSource / "docs/guarantees.md"),
                              std::regex(R"(`([A-Z]\w+)\.([A-Z]\w+)`)"));
  ASSERT_GT(named.size(), 40U);
  const auto there = tests_there_are();
  for (const std::string& name : named) EXPECT_THAT(there, testing::Contains(name));
}

TEST(Guarantees, EachRowOfATableNamesATest) {
  const std::string page = content_of(kSource / "docs/guarantees.md");
  const std::regex row(R"((?:^|\n)\| [^\n]*)");
  for (std::sregex_iterator match(page.begin(), page.end(), row), end; match != end; ++match) {
    const std::string line = match->str();
    if (line.find("shown by") != line.npos) continue;
    EXPECT_THAT(line, testing::ContainsRegex("`[A-Z][A-Za-z0-9_]*[.][A-Z]"));
  }
}

}  // namespace
}  // namespace netctl

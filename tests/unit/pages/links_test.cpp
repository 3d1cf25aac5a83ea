// A reader who follows a link of a page gets somewhere.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pages/page.hpp"

namespace netctl::pages {
namespace {

namespace fs = std::filesystem;

bool is_elsewhere(const std::string& target) {
  return target.starts_with("http://") || target.starts_with("https://") ||
         target.starts_with("mailto:");
}

// Empty, or what is missing.
std::string problem_of(const fs::path& page, const std::string& target) {
  const std::string file = target.substr(0, target.find('#'));
  const fs::path place = source_tree() / (file.empty() ? page : page.parent_path() / file);
  if (!fs::exists(place)) return "there is no such file";
  if (file.size() == target.size()) return "";
  const auto anchors = Page(place).anchors();
  const bool there = std::ranges::count(anchors, target.substr(file.size() + 1)) > 0;
  return there ? "" : "there is no such heading";
}

TEST(Links, EachRelativeOneLeadsToAFileAndAHeading) {
  std::size_t followed = 0;
  for (const fs::path& page : files_of(".md")) {
    for (const std::string& target : Page(source_tree() / page).links()) {
      if (is_elsewhere(target)) continue;
      ++followed;
      EXPECT_EQ(problem_of(page, target), "") << page.string() << ": " << target;
    }
  }
  EXPECT_GT(followed, 20U);
}

TEST(Links, OneThatLeadsNowhereIsFound) {
  EXPECT_EQ(problem_of("README.md", "docs/no-such-page.md"), "there is no such file");
  EXPECT_EQ(problem_of("README.md", "docs/plugins.md#no-such-part"), "there is no such heading");
  EXPECT_EQ(problem_of("docs/plugins.md", "plugins/bridge.md#in-the-kernel"), "");
}

TEST(Links, EachPageOfTheDocumentationIsInItsIndex) {
  const auto links = Page(source_tree() / "docs/README.md").links();
  for (const fs::path& page : files_of(".md")) {
    if (page.parent_path() != "docs" || page.filename() == "README.md") continue;
    EXPECT_THAT(links, testing::Contains(page.filename().string()));
  }
  const auto plugins = Page(source_tree() / "docs/plugins.md").links();
  for (const std::string& name : plugin_pages()) {
    EXPECT_THAT(plugins, testing::Contains("plugins/" + name + ".md"));
  }
}

}  // namespace
}  // namespace netctl::pages

// Follows docs/tutorial.md on a host of its own: what is typed there is typed, and what comes back
// is held against what the page shows.
#include <unistd.h>

#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/container_lab.hpp"
#include "tests/unit/pages/page.hpp"

namespace netctl::test {
namespace {

const std::string kVaries = "…";

// "$ command" and the lines below it.
struct Step {
  std::string command;
  std::vector<std::string> expected;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Step> steps_of(const std::vector<std::string>& blocks) {
  std::vector<Step> steps;
  for (const std::string& block : blocks) {
    for (const std::string& line : lines_of(block)) {
      if (line.starts_with("$ ")) {
        steps.push_back({.command = line.substr(2), .expected = {}});
      } else if (!steps.empty()) {
        steps.back().expected.push_back(line);
      }
    }
  }
  return steps;
}

// Columns are as wide as their longest cell, so what varies moves the others: one blank is like
// many, and none counts at the end.
std::string with_single_blanks(const std::string& line) {
  return std::regex_replace(std::regex_replace(line, std::regex(" +"), " "), std::regex(" $"), "");
}

std::regex pattern_of(const std::string& line) {
  const std::string plain =
      std::regex_replace(with_single_blanks(line), std::regex(R"([.^$|()\[\]{}*+?\\])"), R"(\$&)");
  return std::regex(std::regex_replace(plain, std::regex(kVaries), ".+"));
}

bool is_same(const std::string& expected, const std::string& line) {
  return std::regex_match(with_single_blanks(line), pattern_of(expected));
}

// Whether the lines from `at` on are what is expected from `from` on; a line that is "…" alone is
// any number of lines.
bool is_same_text(const std::vector<std::string>& expected, std::size_t from,
                  const std::vector<std::string>& lines, std::size_t at) {
  if (from == expected.size()) return at == lines.size();
  if (expected[from] == kVaries) {
    for (std::size_t next = at; next <= lines.size(); ++next) {
      if (is_same_text(expected, from + 1, lines, next)) return true;
    }
    return false;
  }
  if (at == lines.size() || !is_same(expected[from], lines[at])) return false;
  return is_same_text(expected, from + 1, lines, at + 1);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class Tutorial : public ContainerLab {
 protected:
  void SetUp() override {
    ContainerLab::SetUp();
    if (IsSkipped()) return;
    if (::access("/usr/bin/curl", X_OK) != 0) GTEST_SKIP() << "needs curl";
    std::filesystem::create_directories("/run/reader");
    const auto programs = std::filesystem::path(netctl_program()).parent_path().string();
    environment["PATH"] = programs + ":" + environment["PATH"];
    environment["CNI_PATH"] = plugin_directory();
  }

  // A page that stops in the middle leaves its servers.
  void TearDown() override {
    type("for name in $(ip netns list | cut -d' ' -f1); do kill $(ip netns pids $name); done");
    ContainerLab::TearDown();
  }

  // As somebody types it who is in a directory of their own; both outputs.
  std::string type(const std::string& command) {
    std::vector<std::string> variables;
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    auto finished = sys::run_program(
        "/bin/bash", {"bash", "-c", "cd /run/reader; exec 2>&1\n" + command}, variables, "");
    EXPECT_TRUE(finished) << command;
    return finished ? finished->out : "";
  }
};

TEST_F(Tutorial, DoesWhatThePageShows) {
  const pages::Page page(pages::source_tree() / "docs/tutorial.md");
  const auto steps = steps_of(page.blocks("console"));
  ASSERT_GT(steps.size(), 40U);

  for (const Step& step : steps) {
    const std::string out = type(step.command);
    ASSERT_TRUE(is_same_text(step.expected, 0, lines_of(out), 0))
        << "$ " << step.command << "\n-- the page shows\n"
        << joined(step.expected) << "-- the program says\n"
        << out;
  }
}

TEST(TutorialNotation, WhatVariesIsWithinALineOrAnyNumberOfLines) {
  const auto same = [](const std::string& expected, const std::string& text) {
    return is_same_text(lines_of(expected), 0, lines_of(text), 0);
  };
  EXPECT_TRUE(same("a  …  c\n", "a 12 c\n"));
  EXPECT_TRUE(same("a\n…\nb\n", "a\nb\n"));
  EXPECT_TRUE(same("a\n…\nb\n", "a\n1\n2\nb\n"));
  EXPECT_FALSE(same("a … c\n", "a c\n"));
  EXPECT_FALSE(same("a.c\n", "abc\n"));
  EXPECT_FALSE(same("a\n", "a\nb\n"));
  EXPECT_FALSE(same("a\nb\n", "a\n"));
}

}  // namespace
}  // namespace netctl::test

// The manual pages that were built: one for each command and each plugin, with all that --help
// says, and without anything that the programs that show them complain about.
#include <unistd.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dist/man/markdown.hpp"
#include "runtime-core/sys/process.hpp"
#include "tests/unit/pages/page.hpp"

namespace netctl::pages {
namespace {

namespace fs = std::filesystem;

const fs::path kManual = NETCTL_MANUAL;

std::string run(const std::string& program, std::vector<std::string> words) {
  words.insert(words.begin(), program);
  std::vector<std::string> variables{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8",
                                     "MANROFFSEQ=", "MANWIDTH=80"};
  if (const char* options = ::getenv("ASAN_OPTIONS")) {
    variables.push_back("ASAN_OPTIONS=" + std::string(options));
  }
  const auto finished = sys::run_program(program, words, variables, "");
  return finished ? finished->out + finished->err : "";
}

// The first words of the lines below a heading of --help, as far as they are indented by two.
std::vector<std::string> listed(const std::string& help, const std::string& heading) {
  std::vector<std::string> words;
  std::istringstream lines(help);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    const bool is_heading = !line.starts_with(' ');
    if (is_heading) inside = line == heading;
    if (is_heading || !inside || line.size() < 3 || line[2] == ' ') continue;
    words.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return words;
}

// Without the marks of roff, so that words are found.
std::string plain(std::string page) {
  page = std::regex_replace(page, std::regex(R"(\\f[BIR]|\\&)"), "");
  return std::regex_replace(page, std::regex(R"(\\-)"), "-");
}

struct Described {
  std::string name;  // netctl-network-create
  std::string help;
};

// A command and all below it.
void collect(std::vector<std::string> words, std::vector<Described>& all) {
  std::string name = "netctl";
  for (const std::string& word : words) name += "-" + word;
  auto question = words;
  question.push_back("--help");
  all.push_back({.name = name, .help = run(NETCTL_BIN, question)});
  const std::string help = all.back().help;
  ASSERT_LT(words.size(), 4U) << name << ": no command is so deep";
  for (std::string sub : listed(help, "Subcommands:")) {
    if (sub.ends_with(',')) sub.pop_back();  // its other names follow
    auto deeper = words;
    deeper.push_back(sub);
    collect(deeper, all);
  }
}

std::vector<fs::path> all_pages() {
  std::vector<fs::path> pages;
  for (const auto& entry : fs::recursive_directory_iterator(kManual)) {
    if (entry.path().parent_path() != kManual && entry.is_regular_file()) {
      pages.push_back(entry.path());
    }
  }
  return pages;
}

TEST(Manual, EachCommandHasAPageWithAllItsOptions) {
  std::vector<Described> all;
  collect({}, all);
  ASSERT_GT(all.size(), 40U);
  std::set<std::string> names;
  for (const auto& [name, help] : all) {
    SCOPED_TRACE(name);
    names.insert(name + ".1");
    const std::string page = plain(content_of(kManual / "man1" / (name + ".1")));
    ASSERT_FALSE(page.empty());
    for (const std::string& option : listed(help, "Options:")) {
      std::istringstream flags(std::regex_replace(option, std::regex(","), " "));
      for (std::string flag; flags >> flag;) EXPECT_THAT(page, testing::HasSubstr(flag));
    }
  }
  for (const auto& entry : fs::directory_iterator(kManual / "man1")) {
    EXPECT_TRUE(names.contains(entry.path().filename())) << "of no command: " << entry.path();
  }
}

TEST(Manual, EachPluginHasAPageWithAllItsKeys) {
  for (const std::string& plugin : plugin_pages()) {
    SCOPED_TRACE(plugin);
    const std::string page = plain(content_of(kManual / "man8" / ("netctl-" + plugin + ".8")));
    ASSERT_FALSE(page.empty());
    const Page markdown(source_tree() / "docs/plugins" / (plugin + ".md"));
    for (const auto& row : markdown.rows({"key", "default", "meaning"})) {
      for (const std::string& key : code_in(row.at(0))) EXPECT_THAT(page, testing::HasSubstr(key));
    }
  }
}

TEST(Manual, ManFindsNothingToComplainOf) {
  if (::access("/usr/bin/man", X_OK) != 0) GTEST_SKIP() << "needs man-db";
  if (::access("/usr/bin/groff", X_OK) != 0) GTEST_SKIP() << "needs groff";
  for (const fs::path& page : all_pages()) {
    const std::string said =
        run("/usr/bin/groff", {"-K", "utf8", "-man", "-ww", "-Tutf8", "-z", page.string()});
    EXPECT_EQ(said, "") << page;
  }
}

TEST(Manual, MandocFindsNoErrors) {
  if (::access("/usr/bin/mandoc", X_OK) != 0) GTEST_SKIP() << "needs mandoc";
  for (const fs::path& page : all_pages()) {
    const std::string said = run("/usr/bin/mandoc", {"-T", "lint", "-W", "warning", page.string()});
    EXPECT_EQ(said, "") << page;
  }
}

TEST(Markdown, BecomesWhatManShows) {
  const std::string roff = man::to_roff(
      "# short\n\nDoes `one` thing. Then more.\n\n## Keys\n\n| key | default | meaning |\n"
      "|---|---|---|\n| `a-b` | 1 | what [bridge](bridge.md) does |\n\n- .dot\n- it's\n\n"
      "```json\n.x \\y\n```\n",
      {.name = "netctl-short", .section = 8, .date = "2026-01-31", .version = "netctl 1"});

  EXPECT_EQ(roff,
            ".TH \"NETCTL\\-SHORT\" \"8\" \"2026-01-31\" \"netctl 1\" \"netctl manual\"\n.nh\n.ad "
            "l\n.SH NAME\n"
            "netctl\\-short \\- does one thing\n.SH DESCRIPTION\nDoes \\fBone\\fR thing. Then "
            "more.\n.SH \"KEYS\"\n.TP\n\\fBa\\-b\\fR\nwhat \\fBnetctl\\-bridge\\fR(8) does "
            "(default: 1)\n.IP \\(bu 2\n\\&.dot\n.IP \\(bu 2\nit\\(aqs\n.PP\n.RS 4\n.nf\n"
            "\\&.x \\ey\n.fi\n.RE\n");
}

}  // namespace
}  // namespace netctl::pages

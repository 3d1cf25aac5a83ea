#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace netctl::pages {

// The tree that the pages describe.
std::filesystem::path source_tree();
std::string content_of(const std::filesystem::path& file);
// Files below the tree's root whose names end so, without those that were built; relative to it.
std::vector<std::filesystem::path> files_of(std::string_view extension);
// The names of the plugins' pages, docs/plugins/NAME.md.
std::vector<std::string> plugin_pages();

// A page in Markdown, as far as tests look at it.
class Page {
 public:
  explicit Page(const std::filesystem::path& file);

  // The rows of all tables whose heading has these cells, without the heading; cells are trimmed.
  std::vector<std::vector<std::string>> rows(const std::vector<std::string>& heading) const;
  // The code blocks that are marked so: ```json
  std::vector<std::string> blocks(std::string_view language) const;
  // What links lead to, [text](target), outside of code.
  std::vector<std::string> links() const;
  // The names under which its headings are found: "## In the kernel" is in-the-kernel.
  std::vector<std::string> anchors() const;

 private:
  std::vector<std::string> prose() const;  // lines outside of code blocks
  std::vector<std::string> lines_;
};

// What stands between backticks in a piece of Markdown, in order.
std::vector<std::string> code_in(const std::string& text);

}  // namespace netctl::pages

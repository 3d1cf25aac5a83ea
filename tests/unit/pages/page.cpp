#include "tests/unit/pages/page.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "dist/man/markdown.hpp"

namespace netctl::pages {
namespace {

namespace fs = std::filesystem;

std::string without_code(const std::string& line) {
  return std::regex_replace(line, std::regex("`[^`]*`"), "");
}

// As the usual renderers of Markdown name a heading.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) || c == '-' || c == '_') {
      anchor += static_cast<char>(std::tolower(letter));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

}  // namespace

fs::path source_tree() { return NETCTL_SOURCE_DIR; }

std::string content_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<fs::path> files_of(std::string_view extension) {
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(source_tree()), end = decltype(entry){};
       entry != end; ++entry) {
    const std::string name = entry->path().filename();
    const bool is_ours = !name.starts_with(".") && (name != "build" || entry.depth() > 0);
    if (entry->is_directory() && !is_ours) entry.disable_recursion_pending();
    if (entry->is_regular_file() && name.ends_with(extension)) {
      files.push_back(entry->path().lexically_relative(source_tree()));
    }
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> plugin_pages() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(source_tree() / "docs/plugins")) {
    if (entry.path().extension() == ".md") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

Page::Page(const fs::path& file) {
  std::istringstream text(content_of(file));
  for (std::string line; std::getline(text, line);) lines_.push_back(line);
}

std::vector<std::string> Page::prose() const {
  std::vector<std::string> lines;
  bool code = false;
  for (const std::string& line : lines_) {
    if (line.starts_with("```")) code = !code;
    const bool is_code = code || line.starts_with("```") || line.starts_with("    ");
    if (!is_code) lines.push_back(line);
  }
  return lines;
}

std::vector<std::vector<std::string>> Page::rows(const std::vector<std::string>& heading) const {
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  for (const std::string& line : lines_) {
    if (!line.starts_with("|")) {
      inside = false;
      continue;
    }
    const auto cells = man::cells_of(line);
    if (inside && !line.starts_with("|--")) rows.push_back(cells);
    if (cells == heading) inside = true;
  }
  return rows;
}

std::vector<std::string> Page::blocks(std::string_view language) const {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const std::string& line : lines_) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    } else if (line == "```" + std::string(language)) {
      inside = true;
      blocks.emplace_back();
    }
  }
  return blocks;
}

std::vector<std::string> Page::links() const {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  std::vector<std::string> targets;
  for (const std::string& each : prose()) {
    const std::string line = without_code(each);
    for (std::sregex_iterator match(line.begin(), line.end(), link), end; match != end; ++match) {
      targets.push_back((*match)[1]);
    }
  }
  return targets;
}

std::vector<std::string> Page::anchors() const {
  std::vector<std::string> anchors;
  for (const std::string& line : prose()) {
    const auto text = line.find_first_not_of('#');
    if (!line.starts_with('#') || text == line.npos || line[text] != ' ') continue;
    anchors.push_back(anchor_of(line.substr(text + 1)));
  }
  return anchors;
}

std::vector<std::string> code_in(const std::string& text) {
  static const std::regex code("`([^`]+)`");
  std::vector<std::string> pieces;
  for (std::sregex_iterator match(text.begin(), text.end(), code), end; match != end; ++match) {
    pieces.push_back((*match)[1]);
  }
  return pieces;
}

}  // namespace netctl::pages

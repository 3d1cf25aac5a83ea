#include "dist/man/markdown.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>
#include <vector>

#include "netctl/cli/roff.hpp"

namespace netctl::man {
namespace {

using Cells = std::vector<std::string>;

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

// What a link leads to, when that is a manual page too.
std::string reference(const std::string& label, const std::string& target) {
  static const std::regex plugin(R"((?:\.\./)?(?:plugins/)?([a-z-]+)\.md(?:#.*)?)");
  std::smatch match;
  if (target.starts_with("http")) return roff::text(label) + " <" + roff::text(target) + ">";
  if (std::regex_match(target, match, plugin) && match[1] == label) {
    return roff::bold("netctl-" + label) + "(8)";
  }
  return roff::text(label);
}

// Text with `code`, **bold** and [links](target).
std::string inline_text(std::string_view text) {
  static const std::regex special(R"re(`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\))re");
  const std::string whole(text);
  std::string out;
  auto from = whole.cbegin();
  std::smatch match;
  while (std::regex_search(from, whole.cend(), match, special)) {
    out += roff::text(match.prefix().str());
    if (match[1].matched) out += roff::bold(match[1].str());
    if (match[2].matched) out += "\\fB" + inline_text(match[2].str()) + "\\fR";
    if (match[3].matched) out += reference(match[3].str(), match[4].str());
    from = match[0].second;
  }
  out += roff::text(std::string(from, whole.cend()));
  return out;
}

// The cells behind the first, each with its column's name where that says more than the cell.
std::string row_text(const Cells& heading, const Cells& row) {
  std::string out;
  std::string fallback;  // what counts when nothing is said
  for (std::size_t i = 1; i < row.size() && i < heading.size(); ++i) {
    if (row[i].empty()) continue;
    if (heading[i] == "default") {
      fallback = " (default: " + inline_text(row[i]) + ")";
      continue;
    }
    const bool is_only_one = heading.size() == 2 || heading[i] == "meaning" || heading[i] == "why";
    if (!out.empty()) out += "; ";
    if (!is_only_one && !heading[i].empty()) out += "\\fI" + inline_text(heading[i]) + "\\fR: ";
    out += inline_text(row[i]);
  }
  return out + fallback;
}

class Converter {
 public:
  Converter(std::string_view markdown, const Target& target) : target_(target) {
    std::istringstream stream{std::string(markdown)};
    for (std::string line; std::getline(stream, line);) lines_.push_back(line);
  }

  std::string convert() {
    while (at_ < lines_.size()) block();
    return out_;
  }

 private:
  bool here(std::string_view start) const {
    return at_ < lines_.size() && lines_[at_].starts_with(start);
  }

  void block() {
    if (here("```")) return fence();
    if (here("    ")) return indented();
    if (here("#")) return headline();
    if (here("|")) return table();
    if (is_item()) return item();
    if (trimmed(lines_[at_]).empty()) {
      ++at_;
      return;
    }
    paragraph();
  }

  // Behind a heading there is room already, and man's programs complain of more.
  void add_paragraph(const std::string& text) {
    if (!is_fresh_) out_ += ".PP\n";
    out_ += text;
    is_fresh_ = false;
  }

  void fence() {
    std::string code;
    for (++at_; at_ < lines_.size() && !here("```"); ++at_) code += lines_[at_] + "\n";
    ++at_;
    add_paragraph(roff::literal(code));
  }

  void indented() {
    std::string code;
    for (; here("    ") || (at_ < lines_.size() && trimmed(lines_[at_]).empty()); ++at_) {
      code += lines_[at_].substr(std::min<std::size_t>(4, lines_[at_].size())) + "\n";
    }
    add_paragraph(roff::literal(code));
  }

  void headline() {
    const std::string line = lines_[at_++];
    const auto level = line.find_first_not_of('#');
    std::string title = trimmed(std::string_view(line).substr(level));
    if (level == 1) return;  // the page's own name is in its heading
    if (level == 2) {
      std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
    }
    out_ += (level == 2 ? ".SH \"" : ".SS \"") + inline_text(title) + "\"\n";
    is_fresh_ = true;
  }

  void table() {
    const Cells heading = cells_of(lines_[at_++]);
    is_fresh_ = false;
    for (; here("|"); ++at_) {
      if (here("|--")) continue;
      const Cells row = cells_of(lines_[at_]);
      const std::string head =
          row.empty() || row.front().empty() ? "\\ " : inline_text(row.front());
      out_ += ".TP\n" + head + "\n" + row_text(heading, row) + "\n";
    }
  }

  bool is_item() const { return here("- ") || here("* "); }

  void item() {
    std::string text = lines_[at_++].substr(2);
    for (; here("  ") && !trimmed(lines_[at_]).empty(); ++at_) text += " " + trimmed(lines_[at_]);
    is_fresh_ = false;
    out_ += ".IP \\(bu 2\n" + inline_text(text) + "\n";
  }

  bool ends_paragraph() const {
    return at_ >= lines_.size() || trimmed(lines_[at_]).empty() || here("```") || here("#") ||
           here("|") || is_item();
  }

  void paragraph() {
    std::string text;
    for (; !ends_paragraph(); ++at_) text += (text.empty() ? "" : " ") + trimmed(lines_[at_]);
    if (out_.empty()) return begin(text);
    add_paragraph(inline_text(text) + "\n");
  }

  // The first sentence says what the page is about.
  void begin(const std::string& text) {
    const auto end = std::min(text.find(". "), text.size() - 1);
    out_ = roff::heading({.name = target_.name,
                          .section = target_.section,
                          .date = target_.date,
                          .version = target_.version,
                          .about = plain(text.substr(0, end))});
    out_ += ".SH DESCRIPTION\n" + inline_text(text) + "\n";
  }

  // Without code marks, and not as a sentence: apropos(1) shows it as it is.
  static std::string plain(std::string text) {
    std::erase(text, '`');
    if (!text.empty())
      text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
  }

  Target target_;
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  std::string out_;
  bool is_fresh_ = false;  // nothing stands behind the last heading yet
};

}  // namespace

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  bool code = false;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '`') code = !code;
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cell += line[++i];
    } else if (line[i] == '|' && !code) {
      cells.push_back(trimmed(cell));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return cells;
}

std::string to_roff(std::string_view markdown, const Target& target) {
  return Converter(markdown, target).convert();
}

}  // namespace netctl::man

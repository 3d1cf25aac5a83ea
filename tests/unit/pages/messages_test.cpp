// The messages that pages explain are those that the product prints: a message that was reworded
// must not go on being explained in its old words.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/pages/page.hpp"

namespace netctl::pages {
namespace {

// What stands between quotes in a source, a line each; pieces that are written one behind the other
// are one text.
void collect_literals(const std::string& source, std::string& all) {
  bool inside = false;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (inside && c == '\\' && i + 1 < source.size()) {
      all += source[++i];
    } else if (inside && c == '"') {
      const auto next = source.find_first_not_of(" \n", i + 1);
      const bool goes_on = next != source.npos && source[next] == '"';
      if (goes_on) i = next;
      if (!goes_on) all += '\n';
      inside = goes_on;
    } else if (inside) {
      all += c;
    } else if (c == '/' && source.compare(i, 2, "//") == 0) {
      i = std::min(source.find('\n', i), source.size());  // a quote in a comment begins no text
    } else if (c == '\'' && i + 2 < source.size() && source[i + 2] == '\'') {
      i += 2;
    } else if (c == '"') {
      inside = true;
    }
  }
  all += '\n';
}

// Of all the product's sources.
const std::string& literals() {
  static const std::string all = [] {
    std::string text;
    for (const auto& file : files_of(".cpp")) {
      if (file.string().starts_with("tests/")) continue;
      collect_literals(content_of(source_tree() / file), text);
    }
    return text;
  }();
  return all;
}

// How many of its first letters stand in a source.
std::size_t printed_part(std::string_view piece) {
  std::size_t least = 0;
  std::size_t most = piece.size();
  while (least < most) {
    const std::size_t middle = (least + most + 1) / 2;
    const bool there = literals().find(piece.substr(0, middle)) != std::string::npos;
    (there ? least : most) = there ? middle : middle - 1;
  }
  return least;
}

// Layers put their words one behind the other: a piece may be of several texts, each of which is
// long enough not to be there by chance.
bool is_printed(std::string_view piece) {
  constexpr std::size_t kLeast = 10;
  if (printed_part(piece) == piece.size()) return true;
  while (!piece.empty()) {
    const std::size_t length = printed_part(piece);
    if (length >= kLeast) {
      piece.remove_prefix(length);
    } else if (std::string_view(" :;,.").find(piece.front()) != std::string_view::npos) {
      piece.remove_prefix(1);
    } else {
      return false;
    }
  }
  return true;
}

// The pieces of a message between what varies, which is "…" on a page and "{}" in a source.
std::vector<std::string> pieces_of(const std::string& message) {
  static const std::string kVaries = "…";
  std::vector<std::string> pieces;
  std::size_t from = 0;
  while (from <= message.size()) {
    const auto end = std::min(message.find(kVaries, from), message.size());
    if (end > from) pieces.push_back(message.substr(from, end - from));
    from = end + kVaries.size();
  }
  return pieces;
}

// A piece that is too short to mean anything is passed over; errors of the kernel have its words.
bool is_ours(const std::string& piece) { return piece.find_first_of("abcdefgh") != piece.npos; }

bool is_of_the_kernel(const std::string& message) {
  return message == "Operation not permitted" || message == "File exists" ||
         message == "Permission denied" || message == "No space left on device";
}

void expect_messages_of(const Page& page, std::size_t least) {
  std::size_t seen = 0;
  for (const char* last : {"what to do", "do"}) {
    for (const auto& row : page.rows({"message", "why", last})) {
      for (const std::string& message : code_in(row.at(0))) {
        ++seen;
        if (is_of_the_kernel(message)) continue;
        for (const std::string& piece : pieces_of(message)) {
          if (!is_ours(piece)) continue;
          EXPECT_TRUE(is_printed(piece)) << "nothing prints \"" << piece << "\" of " << message;
        }
      }
    }
  }
  EXPECT_GE(seen, least);
}

TEST(Messages, OneThatNothingPrintsIsFound) {
  EXPECT_TRUE(is_printed("cannot set hairpin mode and promiscuous mode at the same time"));
  EXPECT_FALSE(is_printed("cannot set hairpin mode and promiscuous mode at once"));
}

TEST(Messages, EachThatAPluginsPageExplainsIsPrinted) {
  expect_messages_of(Page(source_tree() / "docs/plugins.md"), 10);
  for (const std::string& name : plugin_pages()) {
    SCOPED_TRACE(name);
    expect_messages_of(Page(source_tree() / "docs/plugins" / (name + ".md")), 2);
  }
}

TEST(Messages, EachThatThePageOfTroublesExplainsIsPrinted) {
  expect_messages_of(Page(source_tree() / "docs/troubleshooting.md"), 20);
}

}  // namespace
}  // namespace netctl::pages

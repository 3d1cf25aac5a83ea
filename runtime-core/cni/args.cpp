#include "runtime-core/cni/args.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace netctl::cni {
namespace {

constexpr std::string_view kIgnoreUnknown = "IgnoreUnknown";

// Keys of the conventions. All plugins of a network get the same text, those that they call too:
// what is meant for another one is no error.
constexpr std::array<std::string_view, 3> kOfSomePlugin = {"IP", "GATEWAY", "MAC"};

using Pair = std::pair<std::string_view, std::string_view>;

// All pieces between separators; a text without any is one piece.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (true) {
    const auto end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == text.npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

Result<Pair> parse_pair(std::string_view piece) {
  const auto sides = split(piece, '=');
  if (sides.size() == 2) return Pair(sides[0], sides[1]);
  return fail(Errc::InvalidArgument, "ARGS: invalid pair \"{}\"", piece);
}

Result<bool> parse_flag(std::string_view piece, std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "1" || lower == "true") return true;
  if (lower == "0" || lower == "false") return false;
  return fail(Errc::InvalidArgument,
              "ARGS: error parsing value of pair \"{}\": boolean unmarshal error: invalid input {}",
              piece, text);
}

}  // namespace

Result<std::map<std::string, std::string>> parse_args(std::string_view text,
                                                      const std::vector<std::string_view>& known) {
  std::map<std::string, std::string> values;
  if (text.empty()) return values;
  std::string unknown;
  bool ignore_unknown = false;
  for (const std::string_view piece : split(text, ';')) {
    const auto [key, value] = TRY(parse_pair(piece));
    if (key == kIgnoreUnknown) {
      ignore_unknown = TRY(parse_flag(piece, value));
    } else if (std::ranges::find(known, key) != known.end()) {
      values[std::string(key)] = value;
    } else if (std::ranges::find(kOfSomePlugin, key) == kOfSomePlugin.end()) {
      unknown += format("{}\"{}\"", unknown.empty() ? "" : " ", piece);
    }
  }
  if (unknown.empty() || ignore_unknown) return values;
  return fail(Errc::InvalidArgument, "ARGS: unknown args [{}]", unknown);
}

}  // namespace netctl::cni

#include "runtime-core/cni/version.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "runtime-core/cni/error.hpp"

namespace netctl::cni {
namespace {

// `name` is what the part is called in the error: "major".
Status parse_part(std::string_view text, std::string_view name, int& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, refused] = std::from_chars(text.data(), end, number);
  if (refused == std::errc() && stop == end && number >= 0) return {};
  const bool too_large = refused == std::errc::result_out_of_range && stop == end;
  return failure(kDecodeFailure, format("failed to convert {} version part \"{}\": {}", name, text,
                                        too_large ? "value out of range" : "invalid syntax"));
}

}  // namespace

Result<Version> parse_version(std::string_view text) {
  if (text.empty()) return Version{.major = 0, .minor = 1, .patch = 0};
  if (std::ranges::count(text, '.') > 2) {
    return failure(kDecodeFailure, format("invalid version \"{}\": too many parts", text));
  }
  Version version;
  const std::pair<std::string_view, int*> parts[] = {
      {"major", &version.major}, {"minor", &version.minor}, {"patch", &version.patch}};
  bool more = true;
  for (const auto& [name, number] : parts) {
    if (!more) break;
    const auto dot = text.find('.');
    TRY(parse_part(text.substr(0, dot), name, *number));
    more = dot != text.npos;
    if (more) text.remove_prefix(dot + 1);
  }
  return version;
}

bool is_supported(std::string_view text) {
  return text.empty() || std::ranges::find(kVersions, text) != kVersions.end();
}

}  // namespace netctl::cni

#pragma once

#include <array>
#include <compare>
#include <string_view>

#include "runtime-core/base/result.hpp"

namespace netctl::cni {

// Every version of the specification that we speak, oldest first.
inline constexpr std::array<std::string_view, 7> kVersions = {"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                                              "0.4.0", "1.0.0", "1.1.0"};
inline constexpr std::string_view kNewestVersion = kVersions.back();

struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;
  auto operator<=>(const Version&) const = default;
};

// Up to three numbers separated by dots, missing ones 0; empty text is 0.1.0, as the specification
// says of a config without cniVersion. Errors have the protocol code 6 and upstream's words.
Result<Version> parse_version(std::string_view text);

bool is_supported(std::string_view text);  // exactly one of kVersions; empty text counts as 0.1.0

}  // namespace netctl::cni

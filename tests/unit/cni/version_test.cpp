#include "runtime-core/cni/version.hpp"

#include "runtime-core/cni/error.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using test::Succeeds;

TEST(Version, IsUpToThreeNumbers) {
  const std::pair<std::string_view, Version> table[] = {
      {"", {.major = 0, .minor = 1, .patch = 0}},
      {"1", {.major = 1, .minor = 0, .patch = 0}},
      {"0.4", {.major = 0, .minor = 4, .patch = 0}},
      {"1.1.0", {.major = 1, .minor = 1, .patch = 0}},
      {"10.20.30", {.major = 10, .minor = 20, .patch = 30}},
  };
  for (const auto& [text, version] : table) {
    SCOPED_TRACE(text);
    const auto parsed = parse_version(text);
    ASSERT_THAT(parsed, Succeeds());
    EXPECT_EQ(*parsed, version);
  }
}

TEST(Version, IsRefusedInUpstreamsWords) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"bad", "failed to convert major version part \"bad\": invalid syntax"},
      {"1.x", "failed to convert minor version part \"x\": invalid syntax"},
      {"1.0.", "failed to convert patch version part \"\": invalid syntax"},
      {".1", "failed to convert major version part \"\": invalid syntax"},
      {"-1.0.0", "failed to convert major version part \"-1\": invalid syntax"},
      {"99999999999", "failed to convert major version part \"99999999999\": value out of range"},
      {"1.2.3.4", "invalid version \"1.2.3.4\": too many parts"},
  };
  for (const auto& [text, words] : table) {
    SCOPED_TRACE(text);
    const auto parsed = parse_version(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().message, words);
    EXPECT_EQ(parsed.error().protocol_code, kDecodeFailure);
  }
}

TEST(Version, NumbersAreComparedNotLetters) {
  EXPECT_LT(*parse_version("0.9.0"), *parse_version("0.10.0"));
  EXPECT_LT(*parse_version("0.4.0"), *parse_version("1.0.0"));
}

TEST(Version, IsSupportedWhenItIsOneOfOursLetterByLetter) {
  for (const std::string_view version : kVersions) EXPECT_TRUE(is_supported(version)) << version;
  EXPECT_TRUE(is_supported(""));
  for (const char* other : {"1.1", "1.0.1", "0.2", "v1.0.0", "1.2.0", "01.0.0"}) {
    EXPECT_FALSE(is_supported(other)) << other;
  }
}

}  // namespace
}  // namespace netctl::cni

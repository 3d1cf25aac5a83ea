// What the fuzzer was given to begin with, and what it found, through the parsers: without clang,
// and at every run of the tests.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime-core/base/log.hpp"
#include "tests/fuzz/target.hpp"

namespace netctl::fuzz {
namespace {

const std::filesystem::path kCorpus = NETCTL_CORPUS;

std::vector<std::uint8_t> content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class FuzzCorpus : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override { log::set_level(log::Level::Off); }
};

TEST_P(FuzzCorpus, EachInputIsTaken) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(kCorpus / GetParam().name)) {
    SCOPED_TRACE(file.path().filename());
    GetParam().feed(content_of(file.path()));
    ++files;
  }
  EXPECT_GT(files, 0) << "a fuzzer that is shown nothing valid finds little";
}

// The beginnings of a valid input are the broken ones that are met most: a file that was cut off, a
// message that did not fit.
TEST_P(FuzzCorpus, EachInputIsTakenCutOffAnywhere) {
  constexpr std::size_t kCuts = 200;
  for (const auto& file : std::filesystem::directory_iterator(kCorpus / GetParam().name)) {
    SCOPED_TRACE(file.path().filename());
    const auto content = content_of(file.path());
    const std::size_t step = content.size() / kCuts + 1;
    for (std::size_t size = 0; size < content.size(); size += step) {
      // Memory of its own, so that a look past the end is one past what was allocated.
      const std::vector<std::uint8_t> part(content.begin(),
                                           content.begin() + static_cast<std::ptrdiff_t>(size));
      GetParam().feed(part);
    }
  }
}

std::string name_of(const testing::TestParamInfo<Target>& info) {
  std::string name(info.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Target, FuzzCorpus, testing::ValuesIn(all_targets()), name_of);

TEST(FuzzCorpusDirectories, EachBelongsToATarget) {
  for (const auto& directory : std::filesystem::directory_iterator(kCorpus)) {
    const std::string name = directory.path().filename();
    EXPECT_TRUE(std::ranges::any_of(all_targets(), [&](const Target& t) { return t.name == name; }))
        << name;
  }
}

}  // namespace
}  // namespace netctl::fuzz

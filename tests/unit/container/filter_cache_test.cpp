#include "runtime-core/container/filter_cache.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/container/default_profile.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::container {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;
using testing::SizeIs;

class FilterCache : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/filter-cache-test.XXXXXX";
    ASSERT_TRUE(::mkdtemp(name));
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string directory() const { return root_ + "/filters"; }
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
      all.push_back(entry.path());
    }
    return all;
  }

  const Seccomp profile_ = default_profile({});
  const FilterProgram compiled_ = *compile_filter(profile_);
  std::string root_;
};

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

TEST_F(FilterCache, GivesWhatTheCompilerGivesTheFirstTimeAndLater) {
  EXPECT_EQ(*find_or_compile_filter(profile_, directory()), compiled_);
  ASSERT_THAT(files(), SizeIs(1));
  EXPECT_EQ(*find_or_compile_filter(profile_, directory()), compiled_);
  EXPECT_THAT(files(), SizeIs(1));
}

// What is in the file is what is given: so nothing was compiled.
TEST_F(FilterCache, ReadsWhatWasKeptInsteadOfCompiling) {
  Seccomp other = profile_;
  other.default_errno_return = 13;
  ASSERT_THAT(find_or_compile_filter(profile_, directory()), Succeeds());
  const auto first = files().front();
  ASSERT_THAT(find_or_compile_filter(other, directory()), Succeeds());
  ASSERT_THAT(files(), SizeIs(2));
  const auto second = files()[0] == first ? files()[1] : files()[0];
  std::filesystem::copy_file(second, first, std::filesystem::copy_options::overwrite_existing);

  EXPECT_EQ(*find_or_compile_filter(profile_, directory()), *compile_filter(other));
}

TEST_F(FilterCache, TellsProfilesApartThatDifferAnywhere) {
  const Seccomp base{.default_action = "SCMP_ACT_ERRNO",
                     .architectures = {"SCMP_ARCH_X86_64"},
                     .rules = {{.names = {"read", "write"}, .action = "SCMP_ACT_ALLOW"}}};
  std::vector<Seccomp> all(8, base);
  all[1].default_action = "SCMP_ACT_TRAP";
  all[2].default_errno_return = 1;
  all[3].architectures.emplace_back("SCMP_ARCH_X86");
  all[4].rules[0].names = {"read"};
  all[5].rules[0].action = "SCMP_ACT_LOG";
  all[6].rules[0].errno_return = 1;
  all[7].rules[0].arguments = {{.index = 1, .value = 2, .value_two = 3, .op = "SCMP_CMP_EQ"}};
  for (const Seccomp& each : all) {
    ASSERT_THAT(find_or_compile_filter(each, directory()), Succeeds());
  }
  EXPECT_THAT(files(), SizeIs(all.size()));
}

TEST_F(FilterCache, CompilesAnewWhatIsDamaged) {
  ASSERT_THAT(find_or_compile_filter(profile_, directory()), Succeeds());
  const auto file = files().front();
  const std::string whole = content_of(file);
  std::string flipped = whole;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  for (const std::string& damaged :
       {std::string(), whole.substr(0, 64), whole.substr(0, whole.size() - 8), whole + "12345678",
        whole.substr(0, whole.size() - 3), flipped}) {
    write(file, damaged);
    EXPECT_EQ(*find_or_compile_filter(profile_, directory()), compiled_) << damaged.size();
    EXPECT_EQ(content_of(file), whole) << "it is mended";
  }
}

TEST_F(FilterCache, GoesOnWithoutADirectoryThatCanBeWritten) {
  write(root_ + "/file", "in the way");
  EXPECT_EQ(*find_or_compile_filter(profile_, root_ + "/file"), compiled_);
  EXPECT_EQ(*find_or_compile_filter(profile_, ""), compiled_);
}

TEST_F(FilterCache, KeepsNothingOfAProfileThatIsRefused) {
  EXPECT_THAT(find_or_compile_filter({.default_action = "SCMP_ACT_DANCE"}, directory()),
              FailsSaying(HasSubstr("SCMP_ACT_DANCE")));
  EXPECT_FALSE(std::filesystem::exists(directory()));
}

}  // namespace
}  // namespace netctl::container

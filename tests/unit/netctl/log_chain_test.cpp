#include "netctl/log_chain.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netctl/log_file.hpp"

namespace netctl::command {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogChainTest : public testing::Test {
 protected:
  static constexpr std::int64_t kTwoLines = 100;  // fit into a file
  static constexpr unsigned kFiles = 3;

  void SetUp() override {
    char name[] = "/tmp/netctl-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    writer.emplace(directory_ + "/log", kTwoLines, kFiles);
    ASSERT_TRUE(writer->open());
    chain.emplace(directory_ + "/log");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(int from, int to) {
    for (int i = from; i <= to; ++i) writer->write("stdout", std::to_string(i) + "\n");
  }
  // The texts of the new lines; `lost` of the call is kept.
  std::vector<std::string> news() {
    auto found = chain->read_new();
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    lost = found->lost;
    std::vector<std::string> texts;
    std::istringstream lines(found->text);
    for (std::string line; std::getline(lines, line);) {
      LogLine parsed;
      EXPECT_TRUE(parse_log_line(line, parsed)) << line;
      texts.emplace_back(parsed.text);
    }
    return texts;
  }

  std::optional<LogFile> writer{};
  std::optional<LogChain> chain{};
  bool lost = false;

 private:
  std::string directory_{};
};

TEST_F(LogChainTest, AllFilesAreReadOldestFirst) {
  write(1, 6);
  EXPECT_THAT(news(), ElementsAre("1", "2", "3", "4", "5", "6"));
  EXPECT_THAT(news(), IsEmpty());
  EXPECT_FALSE(lost);
}

TEST_F(LogChainTest, WhatComesIsReadOnce) {
  write(1, 1);
  EXPECT_THAT(news(), ElementsAre("1"));
  write(2, 2);
  EXPECT_THAT(news(), ElementsAre("2"));
  write(3, 3);
  EXPECT_THAT(news(), ElementsAre("3"));
}

TEST_F(LogChainTest, SeveralFilesBegunBetweenTwoLooksAreAllRead) {
  write(1, 1);
  EXPECT_THAT(news(), ElementsAre("1"));
  write(2, 6);  // put aside twice
  EXPECT_THAT(news(), ElementsAre("2", "3", "4", "5", "6"));
  EXPECT_FALSE(lost);
}

TEST_F(LogChainTest, AFileThatIsKnownIsReadAfterItIsDeleted) {
  write(1, 1);
  EXPECT_THAT(news(), ElementsAre("1"));
  write(2, 8);  // the first file is gone, and the second is kept
  EXPECT_THAT(news(), ElementsAre("2", "3", "4", "5", "6", "7", "8"));
}

TEST_F(LogChainTest, WhatCameAndWentBetweenTwoLooksIsToldToBeLost) {
  write(1, 1);
  news();
  write(2, 20);
  EXPECT_THAT(news(), ElementsAre("2", "15", "16", "17", "18", "19", "20"));
  EXPECT_TRUE(lost);
  news();
  EXPECT_FALSE(lost);
}

TEST_F(LogChainTest, WithoutAFileThereIsNothingYet) {
  chain.emplace("/tmp/netctl-no-such-directory/log");
  EXPECT_THAT(news(), IsEmpty());
}

}  // namespace
}  // namespace netctl::command

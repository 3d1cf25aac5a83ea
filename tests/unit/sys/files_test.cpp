#include "runtime-core/sys/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::sys {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Each test has an empty directory.
class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "netctl-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::vector<std::string> names() const { return list_directory(directory_).value(); }

  std::string directory_;
};

mode_t mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

ino_t inode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_ino;
}

TEST_F(FilesTest, AMissingFileIsAnAnswerWhenLookedForAndAnErrorWhenRead) {
  const auto found = find_file(path("none"));
  ASSERT_THAT(found, Succeeds());
  EXPECT_FALSE(found->has_value());
  EXPECT_THAT(read_file(path("none")), FailsWith(Errc::NotFound));
  EXPECT_THAT(read_file(path("none")), FailsSaying(HasSubstr(path("none"))));
}

TEST_F(FilesTest, AFileBelowAFileIsMissingToo) {
  ASSERT_THAT(replace_file(path("file"), "x", 0644), Succeeds());

  const auto found = find_file(path("file/below"));

  ASSERT_THAT(found, Succeeds());
  EXPECT_FALSE(found->has_value());
}

TEST_F(FilesTest, WhatWasWrittenIsRead) {
  const std::string binary("a\0b\n\xff", 5);
  for (const std::string& content : {std::string(), binary, std::string(3U << 20, 'x')}) {
    SCOPED_TRACE(content.size());
    ASSERT_THAT(replace_file(path("file"), content, 0644), Succeeds());
    EXPECT_TRUE(read_file(path("file")).value() == content);
    EXPECT_TRUE(find_file(path("file")).value() == content);
  }
}

TEST_F(FilesTest, AFileThatClaimsToBeEmptyIsReadToItsEnd) {
  EXPECT_THAT(read_file("/proc/self/status").value(), HasSubstr("nonvoluntary_ctxt_switches"));
}

TEST_F(FilesTest, AFileUpToTheLimitIsReadAndALargerOneRefused) {
  ASSERT_THAT(replace_file(path("file"), "12345678", 0644), Succeeds());

  EXPECT_EQ(read_file(path("file"), 8).value(), "12345678");
  EXPECT_THAT(read_file(path("file"), 7), FailsWith(Errc::InvalidArgument));
  EXPECT_THAT(find_file(path("file"), 7), FailsSaying(HasSubstr("larger than 7 bytes")));
}

TEST_F(FilesTest, ALimitHoldsForAFileThatClaimsToBeEmpty) {
  EXPECT_THAT(read_file("/proc/self/status", 16), FailsSaying(HasSubstr("larger than 16 bytes")));
}

TEST_F(FilesTest, ReplacingPutsANewFileInPlaceOfTheOld) {
  ASSERT_THAT(replace_file(path("file"), "old", 0644), Succeeds());
  const UniqueFd reader(::open(path("file").c_str(), O_RDONLY | O_CLOEXEC));
  const ino_t old = inode_of(path("file"));

  ASSERT_THAT(replace_file(path("file"), "new and longer", 0644), Succeeds());

  EXPECT_NE(inode_of(path("file")), old);
  EXPECT_EQ(read_file(path("file")).value(), "new and longer");
  std::string seen(8, '\0');
  const ssize_t got = ::read(reader.get(), seen.data(), seen.size());
  EXPECT_EQ(seen.substr(0, static_cast<std::size_t>(got)), "old");
  EXPECT_THAT(names(), ElementsAre("file"));
}

TEST_F(FilesTest, ReplacingSetsTheModeWhateverTheUmask) {
  const mode_t before = ::umask(0077);

  ASSERT_THAT(replace_file(path("public"), "x", 0644), Succeeds());
  ASSERT_THAT(replace_file(path("private"), "x", 0600), Succeeds());
  ASSERT_THAT(replace_file(path("private"), "x", 0640), Succeeds());

  ::umask(before);
  EXPECT_EQ(mode_of(path("public")), 0644U);
  EXPECT_EQ(mode_of(path("private")), 0640U);
}

TEST_F(FilesTest, ReplacingASymbolicLinkLeavesItsTargetAlone) {
  ASSERT_THAT(replace_file(path("target"), "target", 0644), Succeeds());
  std::filesystem::create_symlink(path("target"), path("link"));

  ASSERT_THAT(replace_file(path("link"), "new", 0644), Succeeds());

  EXPECT_FALSE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(read_file(path("link")).value(), "new");
  EXPECT_EQ(read_file(path("target")).value(), "target");
}

TEST_F(FilesTest, ReplacingWhatCannotBeReplacedLeavesNothingBehind) {
  ASSERT_THAT(ensure_directory(path("taken/inside"), 0755), Succeeds());

  const Status status = replace_file(path("taken"), "x", 0644);

  EXPECT_THAT(status, FailsSaying(HasSubstr(path("taken"))));
  EXPECT_THAT(names(), ElementsAre("taken"));
  EXPECT_THAT(list_directory(path("taken")).value(), ElementsAre("inside"));
}

// The child alone may write no more than 4 KiB to a file: its exit status is what it saw.
TEST_F(FilesTest, AWriteCutShortKeepsTheOldContentAndLeavesNothingBehind) {
  ASSERT_THAT(replace_file(path("file"), "old", 0644), Succeeds());

  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit small{.rlim_cur = 4096, .rlim_max = 4096};
    ::setrlimit(RLIMIT_FSIZE, &small);
    std::signal(SIGXFSZ, SIG_IGN);
    ::_exit(replace_file(path("file"), std::string(10000, 'x'), 0644) ? 1 : 0);
  }
  int state = 0;
  ASSERT_EQ(::waitpid(child, &state, 0), child);

  EXPECT_EQ(WEXITSTATUS(state), 0) << "the write was not refused";
  EXPECT_EQ(read_file(path("file")).value(), "old");
  EXPECT_THAT(names(), ElementsAre("file"));
}

TEST_F(FilesTest, ReplacingInAMissingDirectorySaysWhere) {
  const Status status = replace_file(path("none/file"), "x", 0644);

  EXPECT_THAT(status, FailsWith(Errc::NotFound));
  EXPECT_THAT(status, FailsSaying(HasSubstr(path("none/file"))));
}

TEST_F(FilesTest, OverwritingKeepsTheFileAndItsMode) {
  ASSERT_THAT(replace_file(path("file"), "10.0.0.99", 0640), Succeeds());
  const ino_t inode = inode_of(path("file"));

  for (const std::string content : {"10.0.0.100", "10.0.1.0", ""}) {
    ASSERT_THAT(overwrite_file(path("file"), content, 0600), Succeeds());
    EXPECT_EQ(read_file(path("file")).value(), content);
  }

  EXPECT_EQ(inode_of(path("file")), inode);
  EXPECT_EQ(mode_of(path("file")), 0640U);
}

TEST_F(FilesTest, OverwritingAMissingFileMakesItWithItsMode) {
  ASSERT_THAT(overwrite_file(path("file"), "new", 0640), Succeeds());

  EXPECT_EQ(read_file(path("file")).value(), "new");
  EXPECT_EQ(mode_of(path("file")), 0640U);
}

TEST_F(FilesTest, OverwritingASymbolicLinkLeavesItsTargetAlone) {
  ASSERT_THAT(replace_file(path("target"), "target", 0644), Succeeds());
  std::filesystem::create_symlink(path("target"), path("link"));

  ASSERT_THAT(overwrite_file(path("link"), "new", 0644), Succeeds());

  EXPECT_EQ(read_file(path("link")).value(), "new");
  EXPECT_EQ(read_file(path("target")).value(), "target");
}

// Nobody reads a pipe, and nobody is waited for.
TEST_F(FilesTest, OverwritingWhatIsNoFileReplacesIt) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);

  ASSERT_THAT(overwrite_file(path("pipe"), "new", 0644), Succeeds());

  EXPECT_EQ(read_file(path("pipe")).value(), "new");
}

TEST_F(FilesTest, DeletingTwiceIsTheSameAsOnce) {
  ASSERT_THAT(replace_file(path("file"), "x", 0644), Succeeds());

  EXPECT_THAT(delete_file(path("file")), Succeeds());
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(delete_file(path("file")), Succeeds());
  EXPECT_THAT(delete_file(path("none/file")), Succeeds());
}

TEST_F(FilesTest, DeletingADirectoryIsRefused) {
  ASSERT_THAT(ensure_directory(path("directory"), 0755), Succeeds());

  EXPECT_THAT(delete_file(path("directory")), FailsSaying(StartsWith("delete " + path(""))));
}

TEST_F(FilesTest, ADirectoryIsMadeWithItsParents) {
  ASSERT_THAT(ensure_directory(path("a/b/c"), 0700), Succeeds());
  EXPECT_THAT(ensure_directory(path("a/b/c"), 0700), Succeeds());
  EXPECT_THAT(ensure_directory(path("d/e/"), 0700), Succeeds());

  EXPECT_EQ(mode_of(path("a")), 0700U);
  EXPECT_EQ(mode_of(path("a/b/c")), 0700U);
  EXPECT_TRUE(std::filesystem::is_directory(path("d/e")));
}

TEST_F(FilesTest, ADirectoryBehindASymbolicLinkIsThere) {
  ASSERT_THAT(ensure_directory(path("real"), 0755), Succeeds());
  std::filesystem::create_symlink(path("real"), path("link"));

  EXPECT_THAT(ensure_directory(path("link"), 0755), Succeeds());
  EXPECT_THAT(ensure_directory(path("link/below"), 0755), Succeeds());
  EXPECT_TRUE(std::filesystem::is_directory(path("real/below")));
}

TEST_F(FilesTest, ADirectoryWhoseNameIsTakenIsRefused) {
  ASSERT_THAT(replace_file(path("file"), "x", 0644), Succeeds());
  std::filesystem::create_symlink(path("nowhere"), path("dangling"));

  for (const std::string taken : {"file", "file/below", "dangling", "dangling/below"}) {
    SCOPED_TRACE(taken);
    EXPECT_THAT(ensure_directory(path(taken), 0755),
                FailsSaying(StartsWith("create directory " + path(""))));
  }
  EXPECT_THAT(names(), ElementsAre("dangling", "file"));
}

TEST_F(FilesTest, ADirectoryIsListedSortedWithItsHiddenNames) {
  for (const char* name : {"b", "a", ".hidden", "c"}) {
    ASSERT_THAT(replace_file(path(name), "", 0644), Succeeds());
  }

  EXPECT_THAT(list_directory(directory_).value(), ElementsAre(".hidden", "a", "b", "c"));
}

TEST_F(FilesTest, AMissingDirectoryIsListedAsEmptyAndAFileIsRefused) {
  ASSERT_THAT(replace_file(path("file"), "", 0644), Succeeds());

  EXPECT_THAT(list_directory(path("none")).value(), IsEmpty());
  EXPECT_THAT(list_directory(path("file")), FailsSaying(HasSubstr("Not a directory")));
}

// More names than fit into one piece of what is read.
TEST_F(FilesTest, ADirectoryIsSearchedToTheEnd) {
  for (int i = 0; i < 60; ++i) {
    ASSERT_THAT(replace_file(path(format("a-name-of-some-length-{:02}", i)), "", 0644), Succeeds());
  }
  std::set<std::string> seen;
  const auto look_at_all = [&](std::string_view name) { return !seen.emplace(name).second; };

  EXPECT_FALSE(has_name(directory_, look_at_all).value());
  EXPECT_EQ(seen.size(), 60U);
  for (const std::string& name : seen) {
    EXPECT_TRUE(has_name(directory_, [&](std::string_view other) { return other == name; }).value())
        << name;
  }
}

TEST_F(FilesTest, AMissingDirectoryHasNoNameAndAFileIsRefused) {
  ASSERT_THAT(replace_file(path("file"), "", 0644), Succeeds());
  const auto any = [](std::string_view) { return true; };

  EXPECT_FALSE(has_name(path("none"), any).value());
  EXPECT_THAT(has_name(path("file"), any), FailsSaying(HasSubstr("Not a directory")));
}

// As the last of several DELs at once does, which takes the directory of records along.
TEST_F(FilesTest, ADirectoryThatIsRemovedWhileItIsListedHasNoMoreNames) {
  const std::string going = path("going");
  ASSERT_THAT(ensure_directory(going, 0755), Succeeds());
  // More than are read at a time.
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(replace_file(format("{}/name-{}", going, i), "", 0600), Succeeds());
  }
  std::size_t seen = 0;
  const auto found = has_name(going, [&](std::string_view) {
    if (++seen == 1) std::filesystem::remove_all(going);
    return false;
  });
  ASSERT_THAT(found, Succeeds());
  EXPECT_FALSE(*found);
  EXPECT_LT(seen, 100U) << "all were read before it was removed";
}

// As another process does it: with an open file of its own.
bool can_lock(const std::string& path, int kind) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(file);
  const bool locked = ::flock(file.get(), kind | LOCK_NB) == 0;
  EXPECT_TRUE(locked || errno == EWOULDBLOCK);
  return locked;
}

TEST_F(FilesTest, AnExclusiveLockKeepsEveryoneOutUntilItGoes) {
  {
    const auto lock = FileLock::acquire(path("lock"), Lock::Exclusive, 0600);
    ASSERT_THAT(lock, Succeeds());
    EXPECT_FALSE(can_lock(path("lock"), LOCK_EX));
    EXPECT_FALSE(can_lock(path("lock"), LOCK_SH));
  }

  EXPECT_TRUE(can_lock(path("lock"), LOCK_EX));
}

TEST_F(FilesTest, ASharedLockLetsReadersIn) {
  const auto lock = FileLock::acquire(path("lock"), Lock::Shared, 0600);

  ASSERT_THAT(lock, Succeeds());
  EXPECT_TRUE(can_lock(path("lock"), LOCK_SH));
  EXPECT_FALSE(can_lock(path("lock"), LOCK_EX));
}

TEST_F(FilesTest, ALockFileIsMadeWithItsModeAndNeverTruncated) {
  { ASSERT_THAT(FileLock::acquire(path("lock"), Lock::Exclusive, 0600), Succeeds()); }
  EXPECT_EQ(mode_of(path("lock")), 0600U);
  ASSERT_THAT(replace_file(path("lock"), "content", 0600), Succeeds());

  { ASSERT_THAT(FileLock::acquire(path("lock"), Lock::Exclusive, 0600), Succeeds()); }

  EXPECT_EQ(read_file(path("lock")).value(), "content");
}

TEST_F(FilesTest, ADirectoryCanBeLocked) {
  const auto lock = FileLock::of_directory(directory_);

  ASSERT_THAT(lock, Succeeds());
  EXPECT_FALSE(can_lock(directory_, LOCK_EX));
}

TEST_F(FilesTest, OneThatIsNotThereIsAnError) {
  EXPECT_THAT(FileLock::of_directory(path("none")), FailsWith(Errc::NotFound));
}

// As a child has it between fork(2) and execve(2).
TEST_F(FilesTest, ALockGoesAlsoWhenSomebodyElseHasItsDescriptor) {
  UniqueFd opened(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd inherited(::fcntl(opened.get(), F_DUPFD_CLOEXEC, 0));
  {
    auto first = FileLock::acquire(std::move(opened), Lock::Exclusive, directory_);
    ASSERT_THAT(first, Succeeds());
    const FileLock moved = std::move(first).value();
    EXPECT_FALSE(can_lock(directory_, LOCK_SH)) << "a moved lock is still held";
  }

  EXPECT_TRUE(can_lock(directory_, LOCK_EX));
}

TEST_F(FilesTest, ALockThatIsASymbolicLinkIsRefused) {
  std::filesystem::create_symlink(path("elsewhere"), path("lock"));

  EXPECT_THAT(FileLock::acquire(path("lock"), Lock::Exclusive, 0600),
              FailsSaying(StartsWith("open lock " + path("lock"))));
  EXPECT_THAT(names(), ElementsAre("lock"));
}

// The child reports over a pipe that it holds the lock, and is then killed without a chance to let
// it go.
TEST_F(FilesTest, ALockIsFreeOnceItsHolderWasKilled) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::acquire(path("lock"), Lock::Exclusive, 0600);
    if (lock && ::write(write_end.get(), "x", 1) == 1) ::pause();
    ::_exit(1);
  }
  write_end.reset();
  char byte = 0;
  ASSERT_EQ(::read(read_end.get(), &byte, 1), 1);
  EXPECT_FALSE(can_lock(path("lock"), LOCK_EX));

  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);

  EXPECT_TRUE(can_lock(path("lock"), LOCK_EX));
}

std::string add_one(const std::string& counter) {
  return std::to_string(std::stoi(read_file(counter).value()) + 1);
}

TEST_F(FilesTest, WhoWaitsForALockSeesWhatItsHolderDid) {
  constexpr int kProcesses = 4;
  constexpr int kRounds = 50;
  ASSERT_THAT(replace_file(path("counter"), "0", 0644), Succeeds());
  for (int i = 0; i < kProcesses; ++i) {
    if (::fork() != 0) continue;
    for (int round = 0; round < kRounds; ++round) {
      const auto lock = FileLock::acquire(path("lock"), Lock::Exclusive, 0600);
      if (!lock || !replace_file(path("counter"), add_one(path("counter")), 0644)) ::_exit(1);
    }
    ::_exit(0);
  }
  for (int i = 0; i < kProcesses; ++i) {
    int state = 0;
    ASSERT_GT(::wait(&state), 0);
    EXPECT_EQ(state, 0);
  }

  EXPECT_EQ(read_file(path("counter")).value(), std::to_string(kProcesses * kRounds));
}

}  // namespace
}  // namespace netctl::sys

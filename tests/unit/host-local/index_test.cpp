#include "ipam/host-local/index.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <set>
#include <utility>

#include <gmock/gmock.h>

#include "ipam/host-local/store.hpp"
#include "runtime-core/sys/files.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/host-local/temporary_directory.hpp"

// The index as the store uses it: what counts is that the store is right whatever became of it.
namespace netctl::host_local {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const cni::Attachment kFirst{.container_id = "c1", .ifname = "eth0"};
const cni::Attachment kSecond{.container_id = "c2", .ifname = "eth0"};

class IndexTest : public test::TemporaryDirectory {
 protected:
  std::string file(const std::string& name) const { return root() + "/net/" + name; }
  std::string index_directory() const { return root() + "/index"; }
  StorePlace place() const {
    return {.directory = root() + "/net", .index_directory = index_directory(), .boot_id = boot};
  }
  Store open() const { return std::move(Store::open(place())).value(); }

  bool reserve(std::string_view address, const cni::Attachment& owner) const {
    return open().reserve(ip(address), owner, "").value();
  }
  std::string first_free() const {
    const auto found = open().first_free(ip("10.0.0.2"), ip("10.0.9.254")).value();
    return found ? found->to_text() : "none";
  }
  std::vector<std::string> addresses_of(const cni::Attachment& owner) const {
    std::vector<std::string> texts;
    for (const IpAddress& address : open().addresses_of(owner).value()) {
      texts.push_back(address.to_text());
    }
    return texts;
  }
  std::string index_file() const {
    const auto names = names_in(index_directory());
    return names.size() == 1 ? index_directory() + "/" + names.front() : "(not one)";
  }
  timespec time_of_directory() const {
    struct stat info {};
    ::stat((root() + "/net").c_str(), &info);
    return info.st_mtim;
  }
  void set_time_of_directory(const timespec& time) const {
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, (root() + "/net").c_str(), times, 0), 0);
  }

  std::string boot = "this-boot";
};

// The proof that files are not read each time: one that came without a trace is not seen.
TEST_F(IndexTest, WhileTheDirectoryHasItsTimeTheIndexIsTheAnswer) {
  reserve("10.0.0.2", kFirst);
  const timespec time = time_of_directory();
  write(file("10.0.0.3"), "c2\r\neth0");
  set_time_of_directory(time);
  EXPECT_EQ(first_free(), "10.0.0.3");
  EXPECT_THAT(addresses_of(kSecond), IsEmpty());
  EXPECT_FALSE(reserve("10.0.0.3", kFirst)) << "the file is the reservation all the same";
  EXPECT_EQ(first_free(), "10.0.0.4") << "learned";
}

TEST_F(IndexTest, AFileThatSomebodyElseMakesOrRemovesIsSeen) {
  reserve("10.0.0.2", kFirst);
  write(file("10.0.0.3"), "c2\r\neth0");
  EXPECT_EQ(first_free(), "10.0.0.4");
  EXPECT_THAT(addresses_of(kSecond), ElementsAre("10.0.0.3"));
  std::filesystem::remove(file("10.0.0.2"));
  EXPECT_EQ(first_free(), "10.0.0.2");
  EXPECT_THAT(addresses_of(kFirst), IsEmpty());
}

// What makes a change of others show whatever the clock's steps: they write their present. Kernels
// from 6.13 on refine the steps where somebody has looked, so the next test alone would not tell.
TEST_F(IndexTest, TheDirectoryGetsAnotherMomentOfThePastAfterEachChange) {
  std::set<std::pair<std::time_t, long>> moments;
  for (const char* address : {"10.0.0.2", "10.0.0.3", "10.0.0.4"}) {
    timespec before{};
    ::clock_gettime(CLOCK_REALTIME, &before);
    reserve(address, kFirst);
    const timespec moment = time_of_directory();
    EXPECT_LT(std::pair(moment.tv_sec, moment.tv_nsec), std::pair(before.tv_sec, before.tv_nsec));
    moments.emplace(moment.tv_sec, moment.tv_nsec);
  }
  EXPECT_EQ(moments.size(), 3U);
}

// As quickly as can be, so that the clock of the file system hardly moves.
TEST_F(IndexTest, NoForeignChangeHidesInOneTickOfTheClock) {
  for (int round = 0; round < 200; ++round) {
    ASSERT_TRUE(reserve("10.0.0.2", kFirst));
    ASSERT_EQ(::unlink(file("10.0.0.2").c_str()), 0);
    ASSERT_EQ(first_free(), "10.0.0.2") << "round " << round;
  }
}

TEST_F(IndexTest, AProcessThatDiesBeforeItIsDoneLeavesNoWrongIndex) {
  reserve("10.0.0.2", kFirst);
  for (const bool reserves : {true, false}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Store store = open();
      const bool done = reserves ? store.reserve(ip("10.0.0.3"), kSecond, "").value_or(false)
                                 : store.release_all(kSecond).has_value();
      ::_exit(done ? 0 : 1);  // without the destructor, in which the index is settled
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    EXPECT_EQ(first_free(), reserves ? "10.0.0.4" : "10.0.0.3");
  }
}

TEST_F(IndexTest, AnIndexOfAnotherBootIsMadeAnew) {
  ASSERT_TRUE(open().reserve(ip("10.0.0.2"), kFirst, "boot=this-boot").value());
  EXPECT_EQ(first_free(), "10.0.0.3");
  boot = "next-boot";
  EXPECT_EQ(first_free(), "10.0.0.2");
}

TEST_F(IndexTest, ADamagedIndexIsMadeAnew) {
  reserve("10.0.0.2", kFirst);
  const std::string good = read(index_file());
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{128}, good.size() - 1}) {
    SCOPED_TRACE(size);
    write(index_file(), good.substr(0, size));
    EXPECT_EQ(first_free(), "10.0.0.3");
  }
  for (std::size_t at = 0; at < sizeof(IndexHeader); at += 7) {
    SCOPED_TRACE(at);
    std::string damaged = read(index_file());
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write(index_file(), damaged);
    EXPECT_EQ(first_free(), "10.0.0.3");
    EXPECT_THAT(addresses_of(kFirst), ElementsAre("10.0.0.2"));
  }
}

TEST_F(IndexTest, WithoutAPlaceForItTheFilesAreRead) {
  write(index_directory(), "a file where the directory should be");
  EXPECT_TRUE(reserve("10.0.0.2", kFirst));
  EXPECT_EQ(first_free(), "10.0.0.3");
  EXPECT_THAT(addresses_of(kFirst), ElementsAre("10.0.0.2"));
  EXPECT_THAT(open().release_all(kFirst), Succeeds());
  EXPECT_EQ(first_free(), "10.0.0.2");
}

TEST_F(IndexTest, AnOwnerThatIsWrittenIntoAFileIsBelieved) {
  reserve("10.0.0.2", kFirst);
  write(file("10.0.0.2"), "c2\r\neth0");  // in place: the directory does not change
  EXPECT_THAT(open().release_all(kFirst), Succeeds());
  EXPECT_EQ(read(file("10.0.0.2")), "c2\r\neth0");
  EXPECT_THAT(addresses_of(kSecond), ElementsAre("10.0.0.2"));
}

// A disk's error may be gone with the next call; the directory's time does not tell.
TEST_F(IndexTest, WhatCouldNotBeReadOnceIsFoundByItsOwnerTheNextTime) {
  ASSERT_TRUE(reserve("10.0.0.2", kFirst));
  std::filesystem::create_directory(root() + "/elsewhere");  // read(2) fails with EISDIR
  std::filesystem::create_symlink(root() + "/elsewhere", file("10.0.0.3"));
  EXPECT_THAT(addresses_of(kFirst), ElementsAre("10.0.0.2"));

  std::filesystem::remove(root() + "/elsewhere");
  ASSERT_THAT(sys::replace_file(root() + "/elsewhere", "c1\r\neth0", 0600), Succeeds());

  EXPECT_THAT(addresses_of(kFirst), ElementsAre("10.0.0.2", "10.0.0.3"));
}

// To release the others and say that all is well would leave it taken for good.
TEST_F(IndexTest, AnOwnersAddressThatCannotBeReadIsAnErrorWithItsCause) {
  std::filesystem::create_directory(root() + "/net");
  std::filesystem::create_symlink(root() + "/elsewhere", file("10.0.0.3"));
  ASSERT_THAT(sys::replace_file(root() + "/elsewhere", "c1\r\neth0", 0600), Succeeds());
  ASSERT_TRUE(reserve("10.0.0.2", kFirst));
  ASSERT_THAT(addresses_of(kFirst), ElementsAre("10.0.0.2", "10.0.0.3"));

  std::filesystem::remove(root() + "/elsewhere");
  std::filesystem::create_directory(root() + "/elsewhere");

  EXPECT_THAT(open().release_all(kFirst),
              FailsSaying(HasSubstr("read reservation " + file("10.0.0.3") + ": Is a directory")));
}

TEST_F(IndexTest, EachStoreHasItsOwn) {
  reserve("10.0.0.2", kFirst);
  StorePlace other = place();
  other.directory = root() + "/other";
  {
    Store store = std::move(Store::open(other)).value();
    EXPECT_EQ(*store.first_free(ip("10.0.0.2"), ip("10.0.0.9")).value(), ip("10.0.0.2"));
  }
  EXPECT_EQ(names_in(index_directory()).size(), 2U);
  EXPECT_EQ(first_free(), "10.0.0.3");
}

TEST_F(IndexTest, TheStoresDirectoryHoldsNothingOfIt) {
  reserve("10.0.0.2", kFirst);
  EXPECT_THAT(names_in(root() + "/net"), ElementsAre("10.0.0.2", "lock"));
}

TEST_F(IndexTest, ItGrowsWithTheStoreAndStaysRight) {
  for (unsigned i = 0; i < 600; ++i) {
    const cni::Attachment owner{.container_id = format("c{}", i), .ifname = "eth0"};
    const IpAddress address = ip("10.0.0.2").next(i);
    ASSERT_EQ(first_free(), address.to_text());
    ASSERT_TRUE(reserve(address.to_text(), owner));
    ASSERT_THAT(addresses_of(owner), ElementsAre(address.to_text()));
  }
  EXPECT_GT(read(index_file()).size(), 600U * 32);
}

}  // namespace
}  // namespace netctl::host_local

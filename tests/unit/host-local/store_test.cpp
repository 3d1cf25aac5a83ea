#include "ipam/host-local/store.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include <gmock/gmock.h>

#include "ipam/host-local/allocator.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/host-local/temporary_directory.hpp"

namespace netctl::host_local {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::ElementsAre;
using testing::HasSubstr;

const cni::Attachment kC1{.container_id = "c1", .ifname = "eth0"};
const cni::Attachment kC2{.container_id = "c2", .ifname = "eth0"};

class StoreTest : public test::TemporaryDirectory {
 protected:
  std::string directory() const { return root() + "/net"; }
  std::string file(const std::string& name) const { return directory() + "/" + name; }
  StorePlace place() const {
    return {.directory = directory(), .index_directory = root() + "/index", .boot_id = boot};
  }
  Store open() const { return std::move(Store::open(place())).value(); }
  std::vector<std::string> files() const { return names_in(directory()); }

  static std::vector<std::string> texts(const Result<std::vector<IpAddress>>& addresses) {
    std::vector<std::string> made;
    for (const IpAddress& address : addresses.value()) made.push_back(address.to_text());
    return made;
  }
  // All addresses that are reserved, as the files say.
  static std::vector<std::string> taken(Store& store) {
    std::vector<std::string> made;
    for (const Store::Entry& entry : store.scan().value()) {
      if (entry.reservation.is_taken()) made.push_back(entry.address.to_text());
    }
    return made;
  }
  // The first free one of 10.0.0.2 to 10.0.0.254, as the index says.
  static std::string first_free(Store& store) {
    const auto found = store.first_free(ip("10.0.0.2"), ip("10.0.0.254")).value();
    return found ? found->to_text() : "none";
  }

  std::string boot = "this-boot";
  std::string tag = "boot=this-boot";
};

TEST_F(StoreTest, AReservationIsAFileInTheReferencePluginsFormat) {
  ::umask(022);
  {
    Store store = open();
    EXPECT_TRUE(*store.reserve(ip("10.0.0.2"), kC1, tag));
    EXPECT_TRUE(*store.reserve(ip("fd00::2"), kC1, tag));
    EXPECT_THAT(store.set_last_reserved(0, ip("10.0.0.2")), Succeeds());
  }
  EXPECT_THAT(files(), ElementsAre("10.0.0.2", "fd00::2", "last_reserved_ip.0", "lock"));
  EXPECT_EQ(read(file("10.0.0.2")), "c1\r\neth0");
  EXPECT_EQ(read(file("last_reserved_ip.0")), "10.0.0.2");
  EXPECT_EQ(read(file("lock")), "");
  EXPECT_EQ(mode_of(directory()), 0755U);
  EXPECT_EQ(mode_of(file("10.0.0.2")), 0600U);
  EXPECT_EQ(mode_of(file("last_reserved_ip.0")), 0600U);
  EXPECT_EQ(mode_of(file("lock")), 0750U);
}

TEST_F(StoreTest, ATakenAddressIsNotReservedAgain) {
  Store store = open();
  ASSERT_TRUE(*store.reserve(ip("10.0.0.2"), kC1, tag));
  EXPECT_FALSE(*store.reserve(ip("10.0.0.2"), kC2, tag));
  EXPECT_EQ(read(file("10.0.0.2")), "c1\r\neth0");
  EXPECT_THAT(taken(store), ElementsAre("10.0.0.2"));
}

TEST_F(StoreTest, AFileWithoutOwnerReservesNothingAndIsTakenOver) {
  for (const std::string& content : {std::string(), std::string(" \r\n\t"), std::string(8, '\0')}) {
    SCOPED_TRACE(testing::PrintToString(content));
    write(file("10.0.0.2"), content);
    Store store = open();
    EXPECT_THAT(taken(store), ElementsAre());
    EXPECT_TRUE(*store.reserve(ip("10.0.0.2"), kC1, tag));
    EXPECT_THAT(texts(store.addresses_of(kC1)), ElementsAre("10.0.0.2"));
    EXPECT_EQ(read(file("10.0.0.2")), "c1\r\neth0");
  }
}

TEST_F(StoreTest, WhatCannotBeReadCountsAsTaken) {
  ASSERT_THAT(Store::open(place()), Succeeds());
  ASSERT_EQ(::mkdir(file("10.0.0.2").c_str(), 0755), 0);
  Store store = open();
  EXPECT_THAT(taken(store), ElementsAre("10.0.0.2"));
  EXPECT_FALSE(*store.reserve(ip("10.0.0.2"), kC1, tag));
  EXPECT_THAT(store.retain({}), Succeeds());
  EXPECT_THAT(files(), ElementsAre("10.0.0.2", "lock"));
}

TEST_F(StoreTest, AddressesAreFoundByTheirOwnerAndComeSorted) {
  Store store = open();
  for (const char* address : {"fd00::2", "10.0.0.10", "10.0.0.9"}) {
    ASSERT_TRUE(*store.reserve(ip(address), kC1, tag));
  }
  ASSERT_TRUE(*store.reserve(ip("10.0.0.3"), kC2, tag));
  ASSERT_TRUE(*store.reserve(ip("10.0.0.4"), {.container_id = "c1", .ifname = "eth1"}, tag));
  EXPECT_THAT(texts(store.addresses_of(kC1)), ElementsAre("10.0.0.9", "10.0.0.10", "fd00::2"));
  EXPECT_THAT(taken(store),
              ElementsAre("10.0.0.3", "10.0.0.4", "10.0.0.9", "10.0.0.10", "fd00::2"));
}

TEST_F(StoreTest, AFileWithOnlyTheContainerIsTheAnswerWhenNoneNamesTheInterface) {
  write(file("10.0.0.2"), "c1\n");
  EXPECT_THAT(texts(open().addresses_of(kC1)), ElementsAre("10.0.0.2"));
  write(file("10.0.0.3"), "c1\r\neth0");
  EXPECT_THAT(texts(open().addresses_of(kC1)), ElementsAre("10.0.0.3"));
  EXPECT_THAT(texts(open().addresses_of({.container_id = "c1", .ifname = "eth1"})),
              ElementsAre("10.0.0.2"));
  EXPECT_THAT(texts(open().addresses_of(kC2)), ElementsAre());
}

TEST_F(StoreTest, OnlyNamesThatAreAddressesAreReservations) {
  for (const char* name :
       {"10.0.0.02", "FD00::2", "fd00:0::2", "10.0.0.2.old", "notes", ".10.0.0.2"}) {
    write(file(name), "c1\r\neth0");
  }
  const auto before = files();
  Store store = open();
  EXPECT_THAT(taken(store), ElementsAre());
  EXPECT_THAT(store.release_all(kC1), Succeeds());
  EXPECT_THAT(store.retain({}), Succeeds());
  EXPECT_EQ(files().size(), before.size() + 1) << "the lock came, nothing went";
}

TEST_F(StoreTest, ReleasingAllTakesTheOwnersAddressesAndLeavesTheOthers) {
  Store store = open();
  ASSERT_TRUE(*store.reserve(ip("10.0.0.2"), kC1, tag));
  ASSERT_TRUE(*store.reserve(ip("fd00::2"), kC1, tag));
  ASSERT_TRUE(*store.reserve(ip("10.0.0.3"), kC2, tag));
  EXPECT_THAT(store.release_all(kC1), Succeeds());
  EXPECT_THAT(files(), ElementsAre("10.0.0.3", "lock"));
  EXPECT_THAT(store.release_all(kC1), Succeeds()) << "the second time";
  EXPECT_THAT(taken(store), ElementsAre("10.0.0.3"));
}

TEST_F(StoreTest, RetainingReleasesWhateverHasNoValidOwner) {
  write(file("10.0.0.2"), "c1\r\neth0");
  write(file("10.0.0.3"), "c1\r\neth1");
  write(file("10.0.0.4"), "c2\r\neth0");
  write(file("10.0.0.5"), "c1");
  write(file("10.0.0.6"), "c3");
  write(file("10.0.0.7"), "");
  write(file("last_reserved_ip.0"), "10.0.0.7");
  write(file("foreign"), "c2\r\neth0");
  EXPECT_THAT(open().retain({kC1}), Succeeds());
  EXPECT_THAT(files(),
              ElementsAre("10.0.0.2", "10.0.0.5", "foreign", "last_reserved_ip.0", "lock"));
}

TEST_F(StoreTest, WhatKilledProcessesLeftUnfinishedIsRemoved) {
  write(file(".reservation"), "c1\r\neth0");
  write(file(".last_reserved_ip.0.x7Yz12"), "10.");
  write(file(".keep"), "");
  EXPECT_THAT(open().release_all(kC2), Succeeds());
  EXPECT_THAT(files(), ElementsAre(".keep", "lock"));
}

// It may be his, or of one who is gone: who is told that all is well does not ask again.
TEST_F(StoreTest, WhatCannotBeReadIsKeptAndTold) {
  write(file("10.0.0.2"), "c1\r\neth0");
  write(file("10.0.0.4"), "c1\r\neth0");
  std::filesystem::create_symlink("/proc/self/mem", file("10.0.0.3"));  // read(2) fails with EIO
  EXPECT_THAT(open().release_all(kC1), Succeeds());                     // his are found
  const auto tells = FailsSaying(HasSubstr("read reservation " + file("10.0.0.3") +
                                           ": Input/output error; nobody knows whose it is"));
  EXPECT_THAT(open().release_all(kC1), tells);
  EXPECT_THAT(files(), ElementsAre("10.0.0.3", "lock"));
  EXPECT_THAT(open().retain({kC1}), tells);
  EXPECT_THAT(files(), ElementsAre("10.0.0.3", "lock"));
}

// As a directory.
TEST_F(StoreTest, WhatIsNoFileIsNobodys) {
  write(file("10.0.0.2"), "c1\r\neth0");
  std::filesystem::create_directory(file("10.0.0.3"));
  EXPECT_THAT(open().release_all(kC1), Succeeds());
  EXPECT_THAT(open().retain({}), Succeeds());
  EXPECT_THAT(files(), ElementsAre("10.0.0.3", "lock"));
}

TEST_F(StoreTest, AMissingDirectoryIsFoundMissingAndNotMade) {
  const auto store = Store::find(place());
  ASSERT_THAT(store, Succeeds());
  EXPECT_FALSE(store->has_value());
  EXPECT_THAT(names_in(root()), ElementsAre());
}

TEST_F(StoreTest, AnUnreadableRoundRobinPositionIsNone) {
  Store store = open();
  EXPECT_EQ(store.last_reserved(0), std::nullopt);
  for (const char* content : {"", "garbage", "10.0.0", "10.0.0.2\n10.0.0.3"}) {
    SCOPED_TRACE(content);
    write(file("last_reserved_ip.0"), content);
    EXPECT_EQ(store.last_reserved(0), std::nullopt);
  }
  write(file("last_reserved_ip.1"), "10.0.0.2\n");
  EXPECT_EQ(store.last_reserved(1), ip("10.0.0.2"));
}

TEST_F(StoreTest, ADirectoryThatCannotBeMadeIsNamed) {
  write(root() + "/file", "");
  EXPECT_THAT(Store::open({.directory = root() + "/file/net"}),
              FailsSaying(HasSubstr(root() + "/file")));
}

// Whether the process got an address.
bool reserve_one(const StorePlace& place, int number) {
  auto store = Store::open(place);
  if (!store) return false;
  const RangeSet set{{.subnet = *parse_ip_prefix("10.0.0.0/24"),
                      .start = ip("10.0.0.1"),
                      .end = ip("10.0.0.254"),
                      .gateway = ip("10.0.0.1"),
                      .exclude = {}}};
  const auto address = next_free(
      set, store->last_reserved(0),
      [&](const IpAddress& from, const IpAddress& to) { return store->first_free(from, to); });
  const cni::Attachment owner{.container_id = format("c{}", number), .ifname = "eth0"};
  return address && *address && store->reserve(**address, owner, "boot=b").value_or(false) &&
         store->set_last_reserved(0, **address).has_value();
}

TEST_F(StoreTest, SixtyFourProcessesAtOnceGetSixtyFourAddresses) {
  constexpr int kProcesses = 64;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(reserve_one(place(), i) ? 0 : 1);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  std::set<std::string> owners;
  for (const std::string& name : files()) {
    if (name.starts_with("10.")) owners.insert(read(file(name)));
  }
  EXPECT_EQ(owners.size(), 64U) << "each has one";
  EXPECT_EQ(files().size(), 64U + 2) << "besides the lock and the last one";
  EXPECT_EQ(read(file("last_reserved_ip.0")), "10.0.0.65") << "none was skipped";
}

}  // namespace
}  // namespace netctl::host_local

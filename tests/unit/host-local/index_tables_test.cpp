#include "ipam/host-local/index_tables.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/addresses.hpp"

namespace netctl::host_local {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Tables that grow by themselves, as those of an index do.
struct Tables {
  std::vector<std::byte> bytes = IndexTables::make();

  IndexTables all() { return IndexTables(bytes); }
  IndexTables with_room() {
    if (!all().has_room()) bytes = all().grown();
    return all();
  }
  std::string first_free(std::string_view from, std::string_view to) {
    const auto found = all().first_free(ip(from), ip(to));
    return found ? found->to_text() : "none";
  }
};

TEST(IndexTables, AnAddressIsTakenUntilItIsFreed) {
  Tables tables;
  for (const char* text : {"10.0.0.2", "10.0.0.255", "fd00::2", "::", "0.0.0.0"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(tables.all().is_taken(ip(text)));
    tables.with_room().take(ip(text));
    tables.with_room().take(ip(text));
    EXPECT_TRUE(tables.all().is_taken(ip(text)));
    tables.all().free(ip(text));
    EXPECT_FALSE(tables.all().is_taken(ip(text)));
  }
}

TEST(IndexTables, AnIPv4AddressIsNotTheIPv6OneWithTheSameBytes) {
  Tables tables;
  tables.with_room().take(ip("10.0.0.2"));
  EXPECT_FALSE(tables.all().is_taken(ip("a00:2::")));
  tables.with_room().take(ip("a00:0::2"));
  EXPECT_FALSE(tables.all().is_taken(ip("10.0.0.0")));
  EXPECT_TRUE(tables.all().is_taken(ip("10.0.0.2")));
}

TEST(IndexTables, TheFirstFreeAddressIsFoundBehindThoseInARow) {
  Tables tables;
  for (IpAddress address = ip("10.0.0.10"); address <= ip("10.2.1.77"); address = address.next()) {
    tables.with_room().take(address);
  }
  EXPECT_EQ(tables.first_free("10.0.0.5", "10.0.0.20"), "10.0.0.5");
  EXPECT_EQ(tables.first_free("10.0.0.10", "10.255.255.255"), "10.2.1.78");
  EXPECT_EQ(tables.first_free("10.0.0.10", "10.2.1.78"), "10.2.1.78");
  EXPECT_EQ(tables.first_free("10.0.0.10", "10.2.1.77"), "none");
  EXPECT_EQ(tables.first_free("10.1.0.0", "10.1.255.255"), "none");
  EXPECT_EQ(tables.first_free("10.1.0.9", "10.1.0.8"), "none") << "nothing lies between";
}

TEST(IndexTables, TheLastAddressesThereAreDoNotWrap) {
  Tables tables;
  const char* last6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  tables.with_room().take(ip("255.255.255.255"));
  tables.with_room().take(ip(last6));
  EXPECT_EQ(tables.first_free("255.255.255.254", "255.255.255.255"), "255.255.255.254");
  EXPECT_EQ(tables.first_free("255.255.255.255", "255.255.255.255"), "none");
  EXPECT_EQ(tables.first_free(last6, last6), "none");
}

TEST(IndexTables, AnOwnersAddressesAreFoundByHisDigest) {
  Tables tables;
  tables.with_room().hold(1, ip("10.0.0.2"));
  tables.with_room().hold(1, ip("fd00::2"));
  tables.with_room().hold(1, ip("fd00::2"));
  tables.with_room().hold(65, ip("10.0.0.3"));  // the same slot
  EXPECT_THAT(tables.all().addresses_of(1), ElementsAre(ip("10.0.0.2"), ip("fd00::2")));
  EXPECT_THAT(tables.all().addresses_of(65), ElementsAre(ip("10.0.0.3")));
  EXPECT_THAT(tables.all().addresses_of(2), IsEmpty());
  tables.all().drop(1, ip("10.0.0.2"));
  tables.all().drop(1, ip("10.0.0.2"));
  EXPECT_THAT(tables.all().addresses_of(1), ElementsAre(ip("fd00::2")));
  EXPECT_THAT(tables.all().addresses_of(65), ElementsAre(ip("10.0.0.3")));
}

TEST(IndexTables, DigestsTellContainersAndInterfacesApart) {
  std::set<std::uint64_t> digests;
  for (const char* id : {"", "c", "c1", "c11"}) {
    for (const char* ifname : {"", "1", "eth0", "eth1"}) {
      digests.insert(digest_of({.container_id = id, .ifname = ifname}));
    }
  }
  EXPECT_EQ(digests.size(), 16U);
}

// Random changes, against a set; few enough addresses and owners that slots collide.
TEST(IndexTables, AreASetOfAddressesAndAMapOfOwners) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Tables tables;
  std::set<IpAddress> taken;
  std::set<std::pair<std::uint64_t, IpAddress>> held;
  for (int step = 0; step < 6000; ++step) {
    // Both dense and, every other one, in a block of its own.
    const auto number = random() % 600;
    const IpAddress address =
        number % 2 != 0 ? ip("10.0.0.0").next(number) : ip("fd00::").next(number * 256);
    const std::uint64_t owner = random() % 300;
    switch (random() % 4) {
      case 0:
        tables.with_room().take(address);
        taken.insert(address);
        break;
      case 1:
        tables.all().free(address);
        taken.erase(address);
        break;
      case 2:
        tables.with_room().hold(owner, address);
        held.emplace(owner, address);
        break;
      default:
        tables.all().drop(owner, address);
        held.erase({owner, address});
    }
    ASSERT_EQ(tables.all().is_taken(address), taken.contains(address));
    std::vector<IpAddress> theirs = tables.all().addresses_of(owner);
    std::ranges::sort(theirs);
    std::vector<IpAddress> expected;
    for (auto it = held.lower_bound({owner, IpAddress()}); it != held.end() && it->first == owner;
         ++it) {
      expected.push_back(it->second);
    }
    ASSERT_EQ(theirs, expected);
  }
  ASSERT_TRUE(IndexTables::fit(tables.bytes));
}

TEST(IndexTables, BytesThatAreNotAsManyAsTheySayAreRefused) {
  std::vector<std::byte> bytes = IndexTables::make();
  EXPECT_TRUE(IndexTables::fit(bytes));
  EXPECT_FALSE(IndexTables::fit({}));
  EXPECT_FALSE(IndexTables::fit(std::span(bytes).first(bytes.size() - 1)));
  IndexTables(bytes).header().blocks = 0;
  EXPECT_FALSE(IndexTables::fit(bytes));
  IndexTables(bytes).header().blocks = 1U << 31;
  EXPECT_FALSE(IndexTables::fit(bytes));
}

// What a damaged file may look like: no slot is empty. Nothing is right then, but everything ends.
TEST(IndexTables, NoContentMakesASearchGoOnForever) {
  Tables tables;
  std::fill(tables.bytes.begin() + sizeof(IndexHeader), tables.bytes.end(), std::byte{0xff});
  tables.all().is_taken(ip("10.0.0.2"));
  tables.all().first_free(ip("10.0.0.2"), ip("10.0.255.255"));
  tables.all().addresses_of(1);
  tables.all().hold(1, ip("10.0.0.2"));
  tables.all().drop(1, ip("10.0.0.2"));
  tables.all().drop(~std::uint64_t{0}, ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

// Every slot has the same block, which no search can end at: a file that somebody wrote to.
TEST(IndexTables, ADamagedTableIsNotSearchedForever) {
  auto bytes = IndexTables::make(4, 4);
  IndexTables tables(bytes);
  IpAddress address = parse_ip_address("10.0.0.0").value();
  for (int i = 0; i < 256; ++i, address = address.next()) tables.take(address);
  constexpr std::size_t kBlock = 48;
  const auto slots = std::span(bytes).subspan(sizeof(IndexHeader), 4 * kBlock);
  std::vector<std::byte> full;
  for (std::size_t at = 0; at < slots.size(); at += kBlock) {
    const auto slot = slots.subspan(at, kBlock);
    if (slot[15] != std::byte{0}) full.assign(slot.begin(), slot.end());
  }
  for (std::size_t at = 0; at < slots.size(); at += kBlock) {
    std::ranges::copy(full, slots.subspan(at).begin());
  }
  const auto first = parse_ip_address("fd00::").value();
  const auto last = parse_ip_address("fd00::ffff:ffff:ffff:ffff").value();
  EXPECT_EQ(tables.first_free(first, last), first);
}

}  // namespace
}  // namespace netctl::host_local

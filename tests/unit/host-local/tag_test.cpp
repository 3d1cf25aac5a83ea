#include "ipam/host-local/tag.hpp"

#include <gtest/gtest.h>

namespace netctl::host_local {
namespace {

const Tag kWhole{
    .boot = "5c4d-11",
    .netns = NetnsSighting{
        .mounts = 7, .device = 4, .inode = 4026532281, .pinned = true, .path = "/run/netns/a b"}};

TEST(TagTest, ATagIsOneLineOfTextAndBack) {
  const std::string text = "boot=5c4d-11 mounts=7 netns=4:4026532281 pinned=1 path=/run/netns/a b";
  EXPECT_EQ(to_text(kWhole), text);
  EXPECT_EQ(parse_tag(text), kWhole);
  EXPECT_EQ(to_text(Tag{.boot = "x", .netns = {}}), "boot=x");
  EXPECT_EQ(parse_tag("boot=x"), (Tag{.boot = "x", .netns = {}}));
}

TEST(TagTest, WhatIsNotAWholeTagIsNone) {
  for (const char* text :
       {"", "boot", "boot=", "Boot=x", "boot=x mounts=7", "boot=x netns=4:5",
        "boot=x mounts=7 netns=4:5 pinned=1 path=", "boot=x mounts=7 netns=45 pinned=1 path=/n",
        "boot=x mounts=7 netns=4:5x pinned=1 path=/n",
        "boot=x mounts=-7 netns=4:5 pinned=1 path=/n"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parse_tag(text), std::nullopt);
  }
}

TEST(TagTest, ANamespaceIsSightedWhereItsPathLeadsToOne) {
  const auto own = sight_netns("/proc/self/ns/net");
  ASSERT_TRUE(own);
  EXPECT_FALSE(own->pinned) << "it goes with the process";
  EXPECT_EQ(own->path, "/proc/self/ns/net");
  EXPECT_EQ(sight_netns("/no/such/netns"), std::nullopt);
  EXPECT_EQ(sight_netns("proc/self/ns/net"), std::nullopt) << "relative to where?";
  EXPECT_EQ(sight_netns(""), std::nullopt);
}

TEST(TagTest, ABootThatCannotBeReadHasNoId) {
  EXPECT_EQ(read_boot_id("/no/such/file"), "");
  EXPECT_EQ(read_boot_id("/proc/sys/kernel/random/boot_id").size(), 36U);
}

}  // namespace
}  // namespace netctl::host_local

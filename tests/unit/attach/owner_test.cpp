#include "runtime-core/attach/owner.hpp"

#include <gtest/gtest.h>

#include "runtime-core/addr/if_name.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::attach {
namespace {

TEST(Owner, ItsTagReadsAsNetworkContainerInterface) {
  EXPECT_EQ((Owner{"bridge", "web", "eth0"}.tag()), "bridge/web/eth0");
}

TEST(Owner, ADockerIdIsKeptWhole) {
  const std::string id(64, 'a');
  EXPECT_EQ((Owner{"bridge", id, "eth0"}.tag()), "bridge/" + id + "/eth0");
}

TEST(Owner, TheLongestTagIsWhatNftShowsOfAComment) {
  const Owner longest{std::string(300, 'n'), std::string(300, 'c'), std::string(15, 'i')};
  EXPECT_EQ(longest.tag().size(), 128U);
}

TEST(Owner, WhatIsCutStaysDistinctAndIsFoundByItsNetwork) {
  const std::string network(60, 'n');
  const Owner one{network, std::string(100, 'c') + "1", "eth0"};
  const Owner two{network, std::string(100, 'c') + "2", "eth0"};

  EXPECT_NE(one.tag(), two.tag());
  EXPECT_TRUE(one.tag().starts_with(network_tag(network)));
  EXPECT_FALSE(one.tag().starts_with(network_tag(network + "x")));
}

TEST(Owner, ANetworkWhoseNameBeginsLikeAnothersIsAnother) {
  EXPECT_FALSE((Owner{"bridge2", "web", "eth0"}.tag().starts_with(network_tag("bridge"))));
}

TEST(Owner, TheHostLinkNameIsStableAndFitsTheKernel) {
  const Owner owner{"bridge", "web", "eth0"};

  EXPECT_EQ(owner.host_link_name(), (Owner{"bridge", "web", "eth0"}.host_link_name()));
  EXPECT_NE(owner.host_link_name(), (Owner{"bridge", "web", "eth1"}.host_link_name()));
  EXPECT_EQ(owner.host_link_name().size(), kMaxIfNameLength);
  EXPECT_THAT(check_if_name(owner.host_link_name()), test::Succeeds());
}

}  // namespace
}  // namespace netctl::attach

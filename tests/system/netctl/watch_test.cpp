// netctl reload --watch: what others take out of our tables comes back by itself.
#include <chrono>
#include <csignal>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/background.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using Clock = std::chrono::steady_clock;

// It takes a tenth of a second; a busy machine gets more.
constexpr std::chrono::seconds kPatience{5};

class ReloadWatch : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    connect_machine("client", "eth9", "198.51.100.1/24", "198.51.100.2/24");
    sure("netctl ns add web");
    sure("netctl add bridge web -p 8080:80");
  }

  bool answers() {
    Server server("web", 80);
    return !ask("client", "198.51.100.1", 8080, server).empty();
  }
  bool answers_soon() {
    const auto end = Clock::now() + kPatience;
    while (!answers()) {
      if (Clock::now() > end) return false;
    }
    return true;
  }
};

TEST_F(ReloadWatch, PacketsFlowAgainAfterEachFlush) {
  Background watch(netctl_program(), {"reload", "--watch"}, environment);
  for (const char* flush :
       {"nft flush ruleset", "nft delete table inet netctl", "nft flush chain inet netctl publish",
        "nft flush map inet netctl publish4_any", "nft flush ruleset"}) {
    SCOPED_TRACE(flush);
    sure(flush);
    EXPECT_TRUE(answers_soon());
    EXPECT_EQ(sure("netctl reload"), "nothing was missing");
  }
  EXPECT_EQ(watch.stop(SIGTERM), 0);
}

TEST_F(ReloadWatch, WhatWasFlushedBeforeComesBackAtTheStart) {
  sure("nft flush ruleset");
  EXPECT_FALSE(answers());

  Background watch(netctl_program(), {"reload", "--watch"}, environment);

  EXPECT_TRUE(answers_soon());
  EXPECT_EQ(watch.stop(SIGINT), 0);
}

TEST_F(ReloadWatch, MoreNotificationsThanThereIsRoomForHideNothing) {
  Background watch(netctl_program(), {"reload", "--watch"}, environment);
  sure("nft flush ruleset");
  EXPECT_TRUE(answers_soon());
  std::string flood = "add table inet theirs\nadd set inet theirs s { type inet_service; }\n";
  for (int port = 1; port <= 20000; ++port) {
    flood += format("add element inet theirs s {{ {} }}\n", port);
  }
  write_network("flood.nft", flood);

  watch.send(SIGSTOP);
  sure("nft -f /run/cni-config/flood.nft");
  sure("nft flush ruleset");
  watch.send(SIGCONT);

  EXPECT_TRUE(answers_soon());
  EXPECT_EQ(watch.stop(SIGTERM), 0);
}

TEST_F(ReloadWatch, WhatIsDetachedStaysAway) {
  Background watch(netctl_program(), {"reload", "--watch"}, environment);
  sure("nft flush ruleset");
  EXPECT_TRUE(answers_soon());

  sure("netctl del bridge web");
  // Whoever else flushes now finds nothing of ours to put back.
  sure("nft add table ip theirs");
  sure("nft flush ruleset");

  EXPECT_EQ(watch.stop(SIGTERM), 0);
  EXPECT_EQ(sure("nft list ruleset"), "");
}

}  // namespace
}  // namespace netctl::test

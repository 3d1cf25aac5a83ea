// Lists on a terminal, and lists that are shown again whenever they change.
#include <csignal>

#include <gmock/gmock.h>

#include "tests/support/lab.hpp"
#include "tests/support/terminal.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class LiveLists : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    environment["TERM"] = "xterm";
    environment.erase("NO_COLOR");
    sure("netctl ns add web");
  }
};

constexpr const char* kEnter = "\033[?1049h";
constexpr const char* kLeave = "\033[?1049l";

TEST_F(LiveLists, OnATerminalTablesHaveColoursAndFit) {
  sure("netctl add bridge web -p 8080:80 -p 8081:81 -p 8082:82 -p 127.0.0.1:8083:83/udp");
  Terminal list(netctl_program(), {"ls"}, environment);
  EXPECT_EQ(list.wait(), 0);
  EXPECT_THAT(list.rest, AllOf(HasSubstr("\033[1mNETWORK\033[0m"), HasSubstr("\033[32mup\033[0m"),
                               HasSubstr("…")));

  Terminal whole(netctl_program(), {"ls", "--no-trunc"}, environment);
  EXPECT_EQ(whole.wait(), 0);
  EXPECT_THAT(whole.rest, AllOf(HasSubstr("127.0.0.1:8083:83/udp"), Not(HasSubstr("…"))));

  environment["NO_COLOR"] = "1";
  Terminal plain(netctl_program(), {"ls"}, environment);
  EXPECT_EQ(plain.wait(), 0);
  EXPECT_THAT(plain.rest, AllOf(HasSubstr("NETWORK"), Not(HasSubstr("\033"))));
  EXPECT_THAT(sure("netctl ls"), AllOf(Not(HasSubstr("\033")), Not(HasSubstr("…"))));
}

TEST_F(LiveLists, WatchShowsWhatComesAndGoesAndLeavesTheTerminalAsItWas) {
  Terminal list(netctl_program(), {"ls", "--watch"}, environment);
  EXPECT_THAT(list.read_until("STATE"), testing::StartsWith(kEnter));
  sure("netctl add bridge web");
  list.read_until("172.17.0.2/16");
  sure("netctl del bridge web");
  list.read_until("STATE");

  list.type("\x03");
  EXPECT_EQ(list.wait(), 0);
  EXPECT_THAT(list.rest, HasSubstr(kLeave));
  EXPECT_TRUE(list.is_as_it_was());
}

TEST_F(LiveLists, WatchWaitsForDirectoriesThatAreNotThereYet) {
  sure("rm -rf /run/netns2");
  environment["NETCTL_NETNS_DIR"] = "/run/netns2/deep";
  Terminal list(netctl_program(), {"ns", "ls", "-w"}, environment);
  list.read_until(kEnter);
  sure("netctl ns add late");
  list.read_until("late");
  list.type("\x03");
  EXPECT_EQ(list.wait(), 0);
}

TEST_F(LiveLists, WatchFitsTheScreenWhenThatChanges) {
  sure("netctl add bridge web -p 8080:80 -p 8081:81 -p 8082:82");
  Terminal list(netctl_program(), {"ls", "-w"}, environment);
  list.read_until("STATE");
  EXPECT_THAT(list.read_until("up"), HasSubstr("…"));
  list.resize(300, 30);
  list.read_until("8082:82/tcp");
  list.type("\x03");
  EXPECT_EQ(list.wait(), 0);
}

TEST_F(LiveLists, WatchEndsWithAnErrorAndTheTerminalIsRestored) {
  sure("netctl network create back --subnet 10.5.0.0/24");
  Terminal list(netctl_program(), {"ipam", "ls", "back", "-w"}, environment);
  list.read_until("10.5.0.1-10.5.0.254");
  sure("netctl network rm back");
  EXPECT_EQ(list.wait(), 1);
  EXPECT_THAT(list.rest, AllOf(HasSubstr(kLeave), HasSubstr("no network \"back\"")));
  EXPECT_LT(list.rest.find(kLeave), list.rest.find("no network"));
}

TEST_F(LiveLists, WatchWithoutATerminalPrintsEachChangeAndEndsWithItsReader) {
  // head is gone after its line, and nothing changes any more.
  write_network("watch.sh", netctl_program() + " ns ls -w | head -n 1\n");
  EXPECT_EQ(sure("sh /run/cni-config/watch.sh"), "web");
}

TEST_F(LiveLists, EveryListHasTheSameOptions) {
  sure("netctl add bridge web -p 8080:80");
  for (const char* list : {"ls", "ports", "port web", "network ls", "ns ls", "sandbox ls",
                           "ipam ls", "ipam show bridge", "ps", "stats"}) {
    SCOPED_TRACE(list);
    const std::string line = std::string("netctl ") + list;
    EXPECT_THAT(sure(line + " -o json"), testing::StartsWith("["));
    EXPECT_EQ(run(line + " -o yaml").exit_status, 0);
    EXPECT_EQ(run(line + " -o wide").exit_status, 0);
    EXPECT_EQ(run(line + " -q").exit_status, 0);
    EXPECT_EQ(run(line + " --format json").exit_status, 0);
    EXPECT_THAT(run(line + " --filter colour=red").err, HasSubstr("with one of the keys"));
    const std::string help = sure(line + " --help");
    EXPECT_THAT(help, AllOf(HasSubstr("--watch"), HasSubstr("--filter"), HasSubstr("wide")));
  }
}

TEST_F(LiveLists, FiltersOfAttachmentsTakeAnAddressWithAndWithoutItsLength) {
  sure("netctl add bridge web --id c1");
  EXPECT_EQ(sure("netctl ls -q -f address=172.17.0.2"), "c1");
  EXPECT_EQ(sure("netctl ls -q -f address=172.17.0.2/16"), "c1");
  EXPECT_EQ(sure("netctl ls -q -f address=172.17.0.3"), "");
  EXPECT_EQ(sure("netctl sandbox ls -q -f network=bridge"), "web");
  EXPECT_EQ(sure("netctl ns ls -q -f kind=net"), "web");
  EXPECT_EQ(sure("netctl ns ls -q -f kind=uts"), "");
}

}  // namespace
}  // namespace netctl::test

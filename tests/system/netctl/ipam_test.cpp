// netctl ipam: how full ranges are, who holds what, and how to let go.
#include <fstream>

#include <gmock/gmock.h>

#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Ipam : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    write_network("10-small.conflist", R"({"cniVersion": "1.1.0", "name": "small", "plugins": [
        {"type": "bridge", "bridge": "cni7", "ipam": {"type": "host-local", "ranges": [
          [{"subnet": "10.7.0.0/29", "exclude": ["10.7.0.4", "10.7.0.6"]}], [{"subnet": "fd07::/64"}]]}}]})");
    sure("netctl ns add web");
    sure("netctl add small web --id first");
  }
};

TEST_F(Ipam, LsShowsHowFullRangesAre) {
  // 10.7.0.1 is the gateway: 2, 3 and 5 are left.
  const std::string text = sure("netctl ipam ls small");
  EXPECT_THAT(text, ContainsRegex("small +10.7.0.1-10.7.0.6 +\\[###.......\\] 33% +1 +3 +0"));
  EXPECT_THAT(text,
              ContainsRegex("small +fd07::1-fd07::ffff:ffff:ffff:ffff +\\[#.........\\] 0% +1 "));
  EXPECT_THAT(sure("netctl ipam ls"), AllOf(HasSubstr("bridge "), HasSubstr("small ")));
  EXPECT_THAT(sure("netctl ipam ls small -o json"), HasSubstr("\"taken\": 1"));
  write_network("20-plain.conflist",
                R"({"cniVersion": "1.0.0", "name": "plain", "plugins": [{"type": "bridge"}]})");
  EXPECT_THAT(run("netctl ipam ls plain").err, HasSubstr("not given by host-local"));
}

TEST_F(Ipam, ShowTellsWhoHoldsWhatAndWhetherHeIsThere) {
  sure("netctl ns add gone");
  sure("netctl add small gone --id second");
  sure("netctl ns rm gone");
  std::ofstream("/run/cni-state/networks/small/10.7.0.5") << "theirs\r\neth0";

  const std::string text = sure("netctl ipam show small");

  EXPECT_THAT(text, ContainsRegex("10.7.0.2 +first +eth0 +[0-9]+ seconds? +held"));
  EXPECT_THAT(text, ContainsRegex("10.7.0.3 +second +eth0 +[0-9]+ seconds? +container gone"));
  EXPECT_THAT(text, ContainsRegex("10.7.0.5 +theirs +eth0 +[0-9]+ seconds? +held"));
  EXPECT_THAT(sure("netctl ipam ls small"), ContainsRegex("100% +3 +3 +1\n"));
  EXPECT_EQ(sure("netctl ipam show small -q -n"), "10.7.0.2\n10.7.0.3\n10.7.0.5\nfd07::2\nfd07::3");
}

TEST_F(Ipam, ReleaseAsksFirstAndTakesAddressesAndContainers) {
  const auto asked = run("netctl ipam release small 10.7.0.2");  // stdin is empty: not confirmed
  EXPECT_THAT(asked.err, AllOf(HasSubstr("10.7.0.2 of first eth0 (held)"), HasSubstr("[y/N]")));
  EXPECT_EQ(asked.out, "");
  EXPECT_EQ(run("ls /run/cni-state/networks/small/10.7.0.2").exit_status, 0);

  EXPECT_EQ(run("netctl ipam release small -f 10.7.0.2 nobody").exit_status, 1);
  EXPECT_EQ(run("ls /run/cni-state/networks/small/10.7.0.2").exit_status, 0);

  EXPECT_EQ(sure("netctl ipam release small -f 10.7.0.2"), "10.7.0.2");
  EXPECT_EQ(sure("netctl ipam release small -f first"), "fd07::2");
  EXPECT_THAT(sure("netctl ipam show small -n"), "");
  sure("netctl del small web --id first");
}

}  // namespace
}  // namespace netctl::test

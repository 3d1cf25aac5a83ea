// netctl ports: what is published where, to whom, and who can reach it.
#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

class Ports : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    connect_machine("lan", "lan0", "203.0.113.5/24", "203.0.113.6/24");
    for (const char* name : {"web", "db"}) sure(format("netctl ns add {}", name));
  }
};

TEST_F(Ports, EachIsListedWithItsContainerAndWhetherOthersReachIt) {
  EXPECT_EQ(sure("netctl ports -q"), "");
  sure(
      "netctl add bridge web --id first -p 8080:80 -p 127.0.0.1:5353:53/udp -p "
      "203.0.113.5:8443:443");

  EXPECT_THAT(
      sure("netctl ports -n"),
      AllOf(ContainsRegex("0.0.0.0:8080/tcp +172.17.0.2:80 +bridge +first +web +eth0 +publish4_any "
                          "+yes"),
            ContainsRegex("127.0.0.1:5353/udp +172.17.0.2:53 +bridge +first +web +eth0 +publish4 "
                          "+no"),
            ContainsRegex("203.0.113.5:8443/tcp +172.17.0.2:443 .* publish4 +yes")));
  // No address of the host any more.
  sure("ip addr del 203.0.113.5/24 dev lan0");
  EXPECT_THAT(sure("netctl ports -n"), ContainsRegex("203.0.113.5:8443/tcp .* no"));
}

TEST_F(Ports, TheyAreInTheOrderOfTheirNumbersAndCanBeFiltered) {
  sure("netctl network create six --subnet 10.6.0.0/24 --subnet fd06::/64");
  sure("netctl add bridge web -p 9000:80");
  sure("netctl add six db --id second -p 700:80");

  EXPECT_EQ(sure("netctl ports -q"), "0.0.0.0:700/tcp\n[::]:700/tcp\n0.0.0.0:9000/tcp");
  EXPECT_EQ(sure("netctl ports -q -f network=bridge"), "0.0.0.0:9000/tcp");
  EXPECT_EQ(sure("netctl ports -q -f namespace=db -f map=publish6_any"), "[::]:700/tcp");
  EXPECT_EQ(sure("netctl ports -q -f outside=no"), "");
  EXPECT_THAT(sure("netctl ports -o json"),
              AllOf(HasSubstr("\"container\": \"second\""), HasSubstr("\"outside\": true"),
                    HasSubstr("\"target\": \"[fd06::2]:80\"")));
  EXPECT_EQ(run("netctl ports -f colour=red").exit_status, 1);
}

TEST_F(Ports, OfARoutedNetworkTheyAreAtTheContainersAddress) {
  sure("netctl network create open --subnet 10.6.0.0/24 -o gateway_mode=routed");
  sure("netctl add open web -p 8080:80");

  EXPECT_THAT(sure("netctl ports -n"),
              ContainsRegex("10.6.0.2:80/tcp +10.6.0.2:80 +open .* open4 +yes"));
}

TEST_F(Ports, OfAnInternalNetworkNobodyOutsideReachesThem) {
  sure("netctl network create back --internal --subnet 10.6.0.0/24");
  sure("netctl add back web -p 8080:80");

  EXPECT_THAT(sure("netctl ports -n"), ContainsRegex("8080/tcp .* no"));
}

TEST_F(Ports, ARuntimeWithResultsOfItsOwnIsKnownByItsTag) {
  sure("netctl add bridge web --id first -p 8080:80");
  sure("rm -r /run/cni-state/results");

  EXPECT_EQ(sure("netctl ports --format {{.Network}}:{{.Container}}:{{.Interface}}:{{.Namespace}}"),
            "bridge:first:eth0:");
}

TEST_F(Ports, ThoseOfAnotherHostAreNotShown) {
  sure("netctl add bridge web -p 8080:80");
  sure("netctl ns add other-host");

  EXPECT_EQ(run_in("other-host", netctl_program() + " ports -q").out, "");
}

}  // namespace
}  // namespace netctl::test

// conditionsV4 and conditionsV6: a port is led to the container only where they hold.
#include <gmock/gmock.h>

#include "tests/system/portmap/portmap_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ConditionalPort : public PortmapHost {
 protected:
  void SetUp() override {
    PortmapHost::SetUp();
    if (IsSkipped()) return;
    without_bridge_netfilter();
    sure("ip addr add 203.0.113.9/24 dev lan0");
    sure("ip addr add 2001:db8::9/64 dev lan0 nodad");
  }

  // "net" with these words.
  void write_conditions(const std::string& v4, const std::string& v6) {
    write_network("10-net.conflist", format(R"({{"cniVersion": "1.0.0", "name": "net", "plugins": [
        {{"type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "ipMasq": true,
          "ipam": {{"type": "host-local", "ranges": [
            [{{"subnet": "10.7.0.0/24"}}], [{{"subnet": "fd00:7::/64"}}]]}}}},
        {{"type": "portmap", "capabilities": {{"portMappings": true}},
          "conditionsV4": [{}], "conditionsV6": [{}]}}]}})",
                                            v4, v6));
  }
};

TEST_F(ConditionalPort, AnswersAtAllAddressesButTheExcludedOne) {
  write_conditions(R"("!", "-d", "203.0.113.9")", R"("ip6 daddr != 2001:db8::9")");
  sure("netctl add net web -p 8080:80 -p 9000-9001:80-81");
  Server server("web", 80);

  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, server), kLan4);
  EXPECT_EQ(ask("lan", "203.0.113.9", 8080, server), "");
  EXPECT_EQ(ask("lan", "203.0.113.1", 9000, server), kLan4);
  EXPECT_EQ(ask("lan", "203.0.113.9", 9000, server), "");
  EXPECT_EQ(ask("lan", "2001:db8::1", 8080, server), kLan6);
  EXPECT_EQ(ask("lan", "2001:db8::9", 8080, server), "");
  EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "10.7.0.1");
  sure("netctl check net web");
}

TEST_F(ConditionalPort, AllConditionsHaveToHold) {
  write_conditions(R"("-s", "203.0.113.0/24", "-i", "lan0")", "");
  sure("netctl add net web -p 8080:80");
  attach_others();
  Server server("web", 80);

  EXPECT_EQ(ask("lan", kHost4, 8080, server), kLan4);
  EXPECT_EQ(ask("neighbour", kHost4, 8080, server), "") << "neither source nor interface";
  EXPECT_EQ(ask("", kHost4, 8080, server), "") << "the host's own packets come in by none";
  EXPECT_EQ(ask("lan", kHost6, 8080, server), kLan6) << "IPv6 has no condition";
}

TEST_F(ConditionalPort, OneOnAnAddressLeavesThoseOfOtherAddressesAlone) {
  write_conditions(R"("-s", "192.0.2.1")", R"("-s", "fd00::1")");
  sure("netctl add net web -p 203.0.113.1:8080:80");
  sure("netctl add other stranger -p 203.0.113.9:8080:80");
  Server conditional("web", 80);
  Server open("stranger", 80);

  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, conditional), "");
  EXPECT_EQ(ask("lan", "203.0.113.9", 8080, open), kLan4);
}

TEST_F(ConditionalPort, ComesBackWithItsConditionAndGoesWithIt) {
  write_conditions(R"("!", "-d", "203.0.113.9")", "");
  sure("netctl add net web -p 8080:80");
  sure("netctl add other stranger");
  Server server("web", 80);
  sure("nft flush ruleset");
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, server), "");
  sure("netctl reload");
  EXPECT_EQ(ask("lan", "203.0.113.1", 8080, server), kLan4);
  EXPECT_EQ(ask("lan", "203.0.113.9", 8080, server), "");

  sure("netctl del net web");
  EXPECT_THAT(sure("nft list ruleset"), Not(HasSubstr("when--")));
}

TEST_F(ConditionalPort, IsToldByNetctlPorts) {
  write_conditions(R"("!", "-d", "203.0.113.9")", "");
  sure("netctl add net web -p 8080:80");
  EXPECT_THAT(sure("netctl ports --format {{.Port}}={{.Condition}}"),
              testing::AllOf(HasSubstr("0.0.0.0:8080/tcp=when--not-to-203.0.113.9/32"),
                             testing::EndsWith("[::]:8080/tcp=")));
}

}  // namespace
}  // namespace netctl::test

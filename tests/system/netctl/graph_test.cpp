// netctl graph: the model against a host that has one of everything.
#include <gmock/gmock.h>

#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class GraphOfALab : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    connect_machine("client", "eth9", "198.51.100.1/24", "198.51.100.2/24");
    sure("ip route add default via 198.51.100.2");
    for (const char* name : {"web", "worker", "quiet", "idle"}) {
      sure(std::string("netctl ns add ") + name);
    }
    sure("netctl network create back --internal --subnet 10.5.0.0/24");
    write_network("p2p.conflist",
                  R"({"cniVersion": "1.0.0", "name": "p2p", "plugins": [{"type": "ptp",
                      "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}}]})");
    sure("netctl add bridge web --id web-id -p 8080:80 -p 127.0.0.1:53:53/udp");
    sure("netctl add back web -i eth1");
    sure("netctl add p2p worker");
    sure("netctl add none quiet");
    sure("netctl add container:web-id web --id sidecar -i eth9");
    sure("netctl add host /proc/self/ns/net --id monitor");
  }
};

TEST_F(GraphOfALab, TheTreeHasEverythingInItsPlace) {
  const std::string tree = sure("netctl graph");

  EXPECT_THAT(tree,
              ContainsRegex("eth9  198[.]51[.]100[.]1/24  up\n│  └─ default  via 198.51.100.2"));
  EXPECT_THAT(tree,
              ContainsRegex("network back  bridge nc-[0-9a-f]+, 10[.]5[.]0[.]1/24, internal  up\n"
                            "│  └─ web  also in bridge\n"
                            "│     ├─ eth1  10[.]5[.]0[.]2/24 through veth[0-9a-f]+  up\n"
                            "│     └─ sidecar  uses this network"));
  EXPECT_THAT(tree, HasSubstr("port 8080 → 80/tcp\n"));
  EXPECT_THAT(tree, HasSubstr("port 127.0.0.1:53 → 53/udp  from this host only"));
  EXPECT_THAT(tree, HasSubstr("network host\n│  └─ monitor"));
  EXPECT_THAT(tree, HasSubstr("network none\n│  └─ quiet"));
  EXPECT_THAT(tree, ContainsRegex("network p2p  ptp, 10[.]7[.]0[.]0/24\n│  └─ worker\n"
                                  "│     └─ eth0  10[.]7[.]0[.]2/24 through veth[0-9a-f]+  up"));
  EXPECT_THAT(tree, HasSubstr("namespace idle  not attached"));
  // The host's ends of attachments are no ways out.
  EXPECT_THAT(tree, Not(ContainsRegex("\n.── veth")));
}

TEST_F(GraphOfALab, BridgesOfOthersAndTheirPortsAreShown) {
  sure("ip link add docker0 type bridge");
  sure("ip addr add 172.30.0.1/16 dev docker0");
  sure("ip link add theirs type veth peer name other");
  sure("ip link set theirs master docker0");
  EXPECT_THAT(
      sure("netctl graph"),
      HasSubstr("bridge docker0  172.30.0.1/16  down\n│  └─ theirs  a port that no attachment"));
}

TEST_F(GraphOfALab, WhatIsGoneIsSaid) {
  sure("ip -n web link del eth0");
  EXPECT_THAT(sure("netctl graph"), HasSubstr("eth0  172.17.0.2/16  interface gone"));
  sure("netctl ns rm web");
  EXPECT_THAT(sure("netctl graph"), HasSubstr("namespace gone"));
}

TEST_F(GraphOfALab, EachFormIsPrinted) {
  EXPECT_THAT(sure("netctl graph -o json"),
              AllOf(HasSubstr("\"name\": \"web\""), HasSubstr("\"host\": \"0.0.0.0:8080\"")));
  EXPECT_THAT(sure("netctl graph -o yaml"), HasSubstr("host: \"0.0.0.0:8080\""));
  EXPECT_THAT(sure("netctl graph -o dot"), testing::StartsWith("graph netctl {"));
  EXPECT_THAT(sure("netctl graph -o svg"),
              AllOf(testing::StartsWith("<svg "), testing::EndsWith("</svg>")));
  EXPECT_EQ(run("netctl graph -o png").exit_status, 2);
}

TEST_F(GraphOfALab, DrawingChangesNothing) {
  const std::string before = host_state();
  sure("netctl graph");
  EXPECT_EQ(host_state(), before);
}

class GraphOfNothing : public Lab {};

TEST_F(GraphOfNothing, AnEmptyHostIsDrawnToo) {
  EXPECT_EQ(sure("netctl graph").find('\n'), std::string::npos);
  EXPECT_THAT(sure("netctl graph -o svg"), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace netctl::test

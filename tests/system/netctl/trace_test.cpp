// netctl trace: which rule decides about a packet, by the kernel's own account.
#include <gmock/gmock.h>

#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Trace : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    connect_client();
    for (const char* name : {"web", "db"}) sure(format("netctl ns add {}", name));
  }
  // What it prints about a packet to a server in a namespace.
  std::string trace(const std::string& source, const std::string& target,
                    const std::string& server_in, std::uint16_t port = 80,
                    Transport transport = Transport::Tcp) {
    const Server server(server_in, port, transport);
    return sure(format("netctl trace {} {}", source, target));
  }
};

TEST_F(Trace, OfAPublishedPortTellsTheElementThatLeadsToTheContainer) {
  sure("netctl add bridge web -p 8080:80");

  EXPECT_THAT(
      trace("client", "198.51.100.1:8080", "web"),
      AllOf(ContainsRegex("probe +inet netctl publish +accept +dnat ip to meta l4proto . th dport "
                          "map @publish4_any +publish4_any \\{ tcp . 8080 : 172.17.0.2 . 80 \\} of "
                          "bridge/[^ ]*/eth0"),
            ContainsRegex("Left: +through veth[0-9a-f]+, as 198.51.100.2:[0-9]+ to 172.17.0.2:80"),
            ContainsRegex("Decision: +no rule is against it"),
            ContainsRegex("Answer: +the connection was accepted")));
}

TEST_F(Trace, OfADropNamesTheRuleThatDoesIt) {
  sure("netctl network create own --subnet 10.7.0.0/24 --subnet fd07::/64");
  sure("netctl add own web -p 8080:80");

  for (const char* target :
       {"10.7.0.2:80", "[fd07::2]:80", "10.7.0.2", "fd07::2", "10.7.0.2:9/udp"}) {
    EXPECT_THAT(trace("client", target, "web"),
                AllOf(ContainsRegex(
                          "Decision: +the probe is dropped by inet netctl forward: .*, gateway[46] "
                          "\\{ .* : drop \\}"),
                      ContainsRegex("Answer: +none$"), Not(HasSubstr("Left:"))))
        << target;
  }
}

TEST_F(Trace, OfADropBySomebodyElseTellsWhereToLook) {
  sure("netctl add bridge web -p 8080:80");
  sure("nft add table inet mine");
  sure("nft add chain inet mine forward { type filter hook forward priority 5; }");
  sure("nft add rule inet mine forward tcp dport 80 drop");
  EXPECT_THAT(trace("client", "198.51.100.1:8080", "web"),
              ContainsRegex("the probe is dropped by inet mine forward: rule [0-9]+: nft -a list "
                            "chain inet mine forward"));

  sure("nft flush chain inet mine forward");
  sure("nft add rule inet mine forward tcp sport 80 drop");
  EXPECT_THAT(trace("client", "198.51.100.1:8080", "web"),
              ContainsRegex("the answer is dropped by inet mine forward"));

  sure("nft flush chain inet mine forward");
  sure("nft add chain inet mine forward { policy drop; }");
  EXPECT_THAT(trace("client", "198.51.100.1:8080", "web"),
              ContainsRegex("the probe is dropped by inet mine forward: policy"));
}

TEST_F(Trace, FollowsFramesFromPortToPortOfABridge) {
  sure("netctl add bridge web");
  sure("netctl add bridge db");
  sure("nft add table bridge mine");
  sure("nft add chain bridge mine forward { type filter hook forward priority 0; }");
  if (run("nft add rule bridge mine forward ip protocol tcp counter drop").exit_status != 0) {
    GTEST_SKIP() << "the kernel has no nf_tables for bridges";
  }
  EXPECT_THAT(trace("web", "db:80", "db"),
              ContainsRegex("the probe is dropped by bridge mine forward: rule"));
  sure("nft delete table bridge mine");
  EXPECT_THAT(trace("web", "db:80", "db"),
              AllOf(ContainsRegex("Left: +through veth[0-9a-f]+"), HasSubstr("was accepted")));
}

TEST_F(Trace, TellsWhatTheOtherEndSays) {
  sure("netctl add bridge web");
  EXPECT_THAT(sure("netctl trace host web:81"), ContainsRegex("Answer: +refused: nothing listens"));
  EXPECT_THAT(sure("netctl trace host web:81/udp"), ContainsRegex("Answer: +refused"));
  EXPECT_THAT(sure("netctl trace host web"), ContainsRegex("Answer: +there was an answer"));
  EXPECT_THAT(sure("netctl trace web 198.51.100.77"),
              AllOf(ContainsRegex("Left: +through eth9"), ContainsRegex("Answer: +none within")));
  EXPECT_THAT(sure("netctl trace db 198.51.100.2"),
              ContainsRegex("Answer: +Network is unreachable"));
}

TEST_F(Trace, IsJsonForPrograms) {
  sure("netctl add bridge web -p 8080:80");
  const Server server("web", 80);
  EXPECT_EQ(sure("netctl trace client 198.51.100.1:8080 --format {{.Protocol}}"), "tcp");
  EXPECT_THAT(sure("netctl trace client 198.51.100.1:8080 -o json"),
              AllOf(HasSubstr("\"steps\": ["), HasSubstr("\"chain\": \"inet netctl publish\""),
                    HasSubstr("\"answered\": true")));
}

TEST_F(Trace, LeavesNothingAlsoWhenItIsKilled) {
  sure("netctl add bridge web");
  const std::string before = host_state();
  sure("netctl trace host web");
  EXPECT_EQ(host_state(), before);

  // It waits for an answer that does not come.
  EXPECT_EQ(run("timeout -s KILL 0.4 " + netctl_program() + " trace web 198.51.100.77").exit_status,
            137);
  // timeout(1) signals its own process group, and may be gone before netctl is.
  EXPECT_TRUE(eventually([&] { return host_state() == before; }));
}

TEST_F(Trace, RefusesWhatItCannotFollowInWords) {
  const struct {
    const char* line;
    const char* says;
  } cases[] = {
      {"netctl trace nobody 10.0.0.1:80", "nobody"},
      {"netctl trace host nobody:80", "\"nobody\" is no address, and nothing of that name"},
      {"netctl trace host db:80", "\"db\" is no address, and nothing of that name"},
      {"netctl trace host 10.0.0.1:99999", "99999"},
      {"netctl trace host 10.0.0.1:80/sctp", "SCTP"},
  };
  for (const auto& [line, says] : cases) {
    const auto refused = run(line);
    EXPECT_EQ(refused.exit_status, 1) << line;
    EXPECT_THAT(refused.err, HasSubstr(says)) << line;
  }
}

}  // namespace
}  // namespace netctl::test

// Where a probe goes, and what is made of the kernel's events.
#include "netctl/trace.hpp"

#include <netinet/tcp.h>

#include <gmock/gmock.h>

#include "netctl/packet_path.hpp"
#include "tests/support/addresses.hpp"

namespace netctl::command {
namespace {

using diag::ProbeKind;
using testing::HasSubstr;

TEST(ProbeTargets, AreAddressesOrNamesWithAPortOrWithout) {
  const struct {
    const char* text;
    ProbeTarget target;
  } cases[] = {
      {"10.0.0.2", {.address = ip("10.0.0.2")}},
      {"10.0.0.2:80", {.address = ip("10.0.0.2"), .kind = ProbeKind::Tcp, .port = 80}},
      {"10.0.0.2:80/tcp", {.address = ip("10.0.0.2"), .kind = ProbeKind::Tcp, .port = 80}},
      {"10.0.0.2:53/udp", {.address = ip("10.0.0.2"), .kind = ProbeKind::Udp, .port = 53}},
      {"fd00::2", {.address = ip("fd00::2")}},
      {"[fd00::2]", {.address = ip("fd00::2")}},
      {"[fd00::2]:53/udp", {.address = ip("fd00::2"), .kind = ProbeKind::Udp, .port = 53}},
      {"db", {.name = "db"}},
      {"db:80", {.name = "db", .kind = ProbeKind::Tcp, .port = 80}},
  };
  for (const auto& [text, target] : cases) {
    const auto parsed = parse_probe_target(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, target) << text;
  }
}

TEST(ProbeTargets, ThatAreNoneAreRefusedInWords) {
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"", "names no target"},
      {":80", "names no target"},
      {"db:0", "out of range"},
      {"db:http", "not a port number"},
      {"db/udp", "write it as db:53/udp"},
      {"db:80/ip", "protocol"},
      {"db:80/sctp", "SCTP"},
      {"[db]:80", "db"},
      {"[fd00::2", "no closing bracket"},
      {"1::2::3", "1::2::3"},
  };
  for (const auto& [text, says] : cases) {
    const auto parsed = parse_probe_target(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(says)) << text;
  }
}

// ---- a packet's way ------------------------------------------------------------------------

constexpr ProbeMark kTcp{.kind = ProbeKind::Tcp, .mark = 4000, .port = 8080};
constexpr std::uint8_t kOpens = TH_SYN;
constexpr std::uint8_t kAccepts = TH_SYN | TH_ACK;

nft::TracedPacket packet(std::uint16_t from, std::uint16_t to, std::uint8_t flags) {
  return {.protocol = 6, .source_port = from, .dest_port = to, .tcp_flags = flags};
}
nft::TraceEvent event(std::uint32_t id, const std::string& table, const std::string& chain,
                      const std::string& verdict, std::optional<nft::TracedPacket> seen = {}) {
  return {.packet_id = id,
          .family = "inet",
          .table = table,
          .chain = chain,
          .verdict = verdict,
          .packet = std::move(seen)};
}

TEST(PacketPaths, AreTheStepsThatDecideInOrder) {
  PacketPath path(kTcp, "trace");
  path.take({event(1, "trace", "prerouting", "continue", packet(4000, 8080, kOpens)),
             event(1, "netctl", "prerouting", "jump publish", packet(4000, 8080, kOpens)),
             event(1, "netctl", "publish", "accept"), event(1, "netctl", "publish", "continue"),
             event(1, "netctl", "forward", "accept", packet(4000, 80, kOpens)),
             event(1, "trace", "postrouting", "accept", packet(4000, 80, kOpens))});

  ASSERT_EQ(path.steps().size(), 3U);
  EXPECT_EQ(path.steps()[1].event.chain, "publish");
  EXPECT_EQ(path.steps()[1].packet.dest_port, 8080) << "as the base chain saw it";
  EXPECT_EQ(path.steps()[2].packet.dest_port, 80);
  EXPECT_EQ(path.drop(), nullptr);
  EXPECT_EQ(path.entry()->dest_port, 8080);
  ASSERT_TRUE(path.exit());
  EXPECT_FALSE(path.exit()->is_local);
  EXPECT_EQ(path.exit()->packet.dest_port, 80);
}

TEST(PacketPaths, OfOtherPacketsAreNotTold) {
  PacketPath path(kTcp, "trace");
  path.take({event(7, "netctl", "forward", "drop", packet(4001, 8080, kOpens)),
             event(7, "netctl", "forward", "drop")});
  EXPECT_TRUE(path.steps().empty());
  EXPECT_FALSE(path.entry());
}

TEST(PacketPaths, KnowTheAnswerAndNotTheRestOfTheConnection) {
  PacketPath path(kTcp, "trace");
  path.take({event(1, "netctl", "forward", "accept", packet(4000, 8080, kOpens)),
             event(2, "netctl", "forward", "accept", packet(80, 4000, kAccepts)),
             // The kernel takes the first packet's number again.
             event(1, "netctl", "forward", "accept", packet(4000, 8080, TH_ACK))});
  ASSERT_EQ(path.steps().size(), 2U);
  EXPECT_FALSE(path.steps()[0].is_answer);
  EXPECT_TRUE(path.steps()[1].is_answer);
}

TEST(PacketPaths, EndWhereOneIsDropped) {
  PacketPath path(kTcp, "trace");
  path.take({event(1, "a", "forward", "accept", packet(4000, 8080, kOpens)),
             event(1, "b", "forward", "drop", packet(4000, 8080, kOpens))});
  ASSERT_NE(path.drop(), nullptr);
  EXPECT_EQ(path.drop()->event.table, "b");
  EXPECT_FALSE(path.exit());
}

TEST(PacketPaths, OfAnEchoHaveOneNumberBothWays) {
  PacketPath path({.kind = ProbeKind::Echo, .mark = 77}, "trace");
  const auto echo = [](std::uint8_t type, std::uint16_t id) {
    return nft::TracedPacket{.protocol = 1, .icmp_type = type, .echo_id = id};
  };
  path.take({event(1, "a", "forward", "accept", echo(8, 77)),
             event(2, "a", "forward", "accept", echo(0, 77)),
             event(3, "a", "forward", "accept", echo(8, 78))});
  ASSERT_EQ(path.steps().size(), 2U);
  EXPECT_FALSE(path.steps()[0].is_answer);
  EXPECT_TRUE(path.steps()[1].is_answer);
}

TEST(TraceTable, TellsOfTheProbeAndOfItsAnswerAndGoesByItself) {
  EXPECT_EQ(to_text(trace_table("t", nft::TableFamily::Inet, kTcp)),
            "create table inet t { flags owner ; }\n"
            "add chain inet t prerouting { type filter hook prerouting priority -450 ; policy "
            "accept ; }\n"
            "add rule inet t prerouting meta l4proto tcp th sport 4000 th dport 8080 meta nftrace "
            "set 1\n"
            "add rule inet t prerouting meta l4proto tcp th dport 4000 meta nftrace set 1\n"
            "add chain inet t output { type filter hook output priority -450 ; policy accept ; }\n"
            "add rule inet t output meta l4proto tcp th sport 4000 th dport 8080 meta nftrace set "
            "1\n"
            "add rule inet t output meta l4proto tcp th dport 4000 meta nftrace set 1\n"
            "add chain inet t input { type filter hook input priority 450 ; policy accept ; }\n"
            "add chain inet t postrouting { type filter hook postrouting priority 450 ; policy "
            "accept ; }\n");
}

}  // namespace
}  // namespace netctl::command

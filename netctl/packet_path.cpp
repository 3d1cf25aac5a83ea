#include "netctl/packet_path.hpp"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include <algorithm>

namespace netctl::command {
namespace {

// Before and behind all rules that there are; connections are tracked from -200 on.
constexpr int kFirst = -450;
constexpr int kLast = 450;

// What a packet has in common with all of its kind, and then what tells the probe from these.
std::vector<nft::Statement> matches(const ProbeMark& mark, bool answer) {
  using nft::Field;
  if (mark.kind == diag::ProbeKind::Echo) {
    return {nft::MatchIcmp{.family = mark.family},
            nft::MatchEchoId{.family = mark.family, .id = mark.mark}};
  }
  const Protocol protocol = mark.kind == diag::ProbeKind::Tcp ? Protocol::Tcp : Protocol::Udp;
  if (answer) {
    return {nft::MatchProtocol{.protocol = protocol},
            nft::MatchPort{.field = Field::DestPort, .port = mark.mark}};
  }
  return {nft::MatchProtocol{.protocol = protocol},
          nft::MatchPort{.field = Field::SourcePort, .port = mark.mark},
          nft::MatchPort{.field = Field::DestPort, .port = mark.port}};
}

bool is_request(const nft::TracedPacket& packet) {
  return packet.icmp_type == ICMP_ECHO || packet.icmp_type == ICMP6_ECHO_REQUEST;
}

}  // namespace

nft::Batch trace_table(const std::string& name, nft::TableFamily family, const ProbeMark& mark) {
  using Point = nft::Hook::Point;
  nft::Table table(name, family);
  table.is_passing = true;
  nft::Batch batch(table);
  batch.add_table(nft::Add::Exclusive);
  const auto add_chain = [&](const std::string& chain, Point point, int priority) {
    batch.add(nft::Chain{.name = chain, .hook = nft::Hook{.point = point, .priority = priority}});
  };
  for (const auto& [chain, point] :
       {std::pair("prerouting", Point::Prerouting), std::pair("output", Point::Output)}) {
    add_chain(chain, point, kFirst);
    for (const bool answer : {false, true}) {
      if (answer && mark.kind == diag::ProbeKind::Echo) continue;  // one rule matches both
      nft::Rule rule{.chain = chain, .statements = matches(mark, answer)};
      rule.statements.emplace_back(nft::TraceOn{});
      batch.add(std::move(rule));
    }
  }
  // To a bridge itself is not yet to the host.
  if (family != nft::TableFamily::Bridge) add_chain("input", Point::Input, kLast);
  add_chain("postrouting", Point::Postrouting, kLast);
  return batch;
}

// Once a packet is known it stays so, whatever addresses and ports it is given; but the kernel may
// use its number for another packet of the same connection.
PacketPath::Role PacketPath::role_of(const nft::TracedPacket& packet, Role before) const {
  const bool from_probe = packet.source_port == mark_.mark || before == Role::Probe;
  const bool to_probe = packet.dest_port == mark_.mark || before == Role::Answer;
  switch (mark_.kind) {
    case diag::ProbeKind::Echo:
      if (packet.echo_id != mark_.mark && before == Role::Other) return Role::Other;
      return is_request(packet) ? Role::Probe : Role::Answer;
    case diag::ProbeKind::Udp:
      if (from_probe) return Role::Probe;
      return to_probe ? Role::Answer : Role::Other;
    case diag::ProbeKind::Tcp:
      break;
  }
  const bool opens = (packet.tcp_flags & (TH_SYN | TH_ACK)) == TH_SYN;
  const bool replies = (packet.tcp_flags & TH_RST) != 0 ||
                       (packet.tcp_flags & (TH_SYN | TH_ACK)) == (TH_SYN | TH_ACK);
  if (opens && from_probe) return Role::Probe;
  return replies && to_probe ? Role::Answer : Role::Other;
}

// What the tracing table tells: that the packet came, and that it leaves.
void PacketPath::note_own(const nft::TraceEvent& event, Role role) {
  if (role != Role::Probe) return;
  const nft::TracedPacket& packet = packets_[event.packet_id];
  if (!entry_) entry_ = packet;
  if (event.chain != "input" && event.chain != "postrouting") return;
  // What a bridge does comes behind routing, or before it where frames are shown to IP's rules too
  // (bridge-nf-call-iptables).
  const bool is_port = event.family == "bridge";
  if (exit_ && exit_->is_port && !is_port) return;
  exit_ = Exit{.is_local = event.chain == "input", .is_port = is_port, .packet = packet};
}

void PacketPath::take(const std::vector<nft::TraceEvent>& events) {
  for (const nft::TraceEvent& event : events) {
    Role& role = roles_[event.packet_id];
    if (event.packet) {
      role = role_of(*event.packet, role);
      packets_[event.packet_id] = *event.packet;
    }
    if (role == Role::Other) continue;
    if (event.table == table_) {
      note_own(event, role);
      continue;
    }
    const bool goes_on = event.verdict == "continue" || event.kind == nft::TraceEvent::Kind::Return;
    if (goes_on) continue;
    steps_.push_back(
        {.is_answer = role == Role::Answer, .event = event, .packet = packets_[event.packet_id]});
  }
}

const PathStep* PacketPath::drop() const {
  const auto found = std::ranges::find(
      steps_, "drop",
      [](const PathStep& step) -> const std::string& { return step.event.verdict; });
  return found == steps_.end() ? nullptr : &*found;
}

}  // namespace netctl::command

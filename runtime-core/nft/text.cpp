#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime-core/base/format.hpp"
#include "runtime-core/nft/batch.hpp"
#include "runtime-core/nft/types.hpp"

namespace netctl::nft {
namespace {

std::string_view name_of(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::Accept:
      return "accept";
    case Verdict::Kind::Drop:
      return "drop";
    case Verdict::Kind::Return:
      return "return";
    case Verdict::Kind::Jump:
      return "jump";
    case Verdict::Kind::Goto:
      return "goto";
  }
  return "?";
}

std::string_view name_of(TableFamily family) {
  switch (family) {
    case TableFamily::Inet:
      return "inet";
    case TableFamily::Bridge:
      return "bridge";
    case TableFamily::Ip:
      return "ip";
    case TableFamily::Ip6:
      return "ip6";
  }
  return "?";
}

std::string_view name_of(Hook::Type type) { return type == Hook::Type::Filter ? "filter" : "nat"; }

std::string_view name_of(Hook::Point point) {
  switch (point) {
    case Hook::Point::Prerouting:
      return "prerouting";
    case Hook::Point::Input:
      return "input";
    case Hook::Point::Forward:
      return "forward";
    case Hook::Point::Output:
      return "output";
    case Hook::Point::Postrouting:
      return "postrouting";
  }
  return "?";
}

std::string_view name_of(Field field) {
  switch (field) {
    case Field::SourceV4:
      return "ip saddr";
    case Field::DestV4:
      return "ip daddr";
    case Field::SourceV6:
      return "ip6 saddr";
    case Field::DestV6:
      return "ip6 daddr";
    case Field::EtherSource:
      return "ether saddr";
    case Field::L4Proto:
      return "meta l4proto";
    case Field::SourcePort:
      return "th sport";
    case Field::DestPort:
      return "th dport";
    case Field::InIfName:
      return "iifname";
    case Field::OutIfName:
      return "oifname";
    case Field::OriginalDestV4:
      return "ct original ip daddr";
    case Field::OriginalDestV6:
      return "ct original ip6 daddr";
    case Field::OriginalDestPort:
      return "ct original proto-dst";
  }
  return "?";
}

// The words of all parts with `separator` between them.
template <class Parts, class ToText>
std::string join(const Parts& parts, std::string_view separator, ToText to_words) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += to_words(part);
  }
  return text;
}

std::string concatenation(const std::vector<Field>& fields) {
  return join(fields, " . ", [](Field field) { return name_of(field); });
}

std::string concatenation(const std::vector<Type>& types) {
  return join(types, " . ", [](Type type) { return to_text(type); });
}

struct DatumToText {
  std::string operator()(const IpAddress& address) const { return address.to_text(); }
  std::string operator()(const MacAddress& mac) const { return mac.to_text(); }
  std::string operator()(Protocol protocol) const { return std::string(to_text(protocol)); }
  std::string operator()(const Port& port) const { return format("{}", port.number); }
  std::string operator()(const PortRange& range) const {
    return format("{}-{}", range.first, range.last);
  }
  std::string operator()(const std::string& if_name) const { return format("\"{}\"", if_name); }
  std::string operator()(const Verdict& verdict) const { return to_text(verdict); }
};

// nft(8) leaves the length out where it covers the whole address.
std::string network_text(const IpPrefix& prefix) {
  const bool whole = prefix.length == prefix.address.bits();
  return whole ? prefix.address.to_text() : prefix.masked().to_text();
}

struct StatementToText {
  std::string operator()(const MatchIfName& match) const {
    return format("{} {}\"{}\"", name_of(match.field), match.negated ? "!= " : "", match.name);
  }
  std::string operator()(const MatchAddress& match) const {
    return format("{} {}{}", name_of(match.field), match.negated ? "!= " : "",
                  network_text(match.prefix));
  }
  std::string operator()(const MatchLocalDest&) const { return "fib daddr type local"; }
  std::string operator()(const MatchDnat&) const { return "ct status dnat"; }
  std::string operator()(const MatchEstablished&) const { return "ct state established,related"; }
  std::string operator()(const MatchFamily& match) const {
    return format("meta nfproto {}", match.family == Family::V4 ? "ipv4" : "ipv6");
  }
  std::string operator()(const MatchIcmp& match) const {
    return format("meta l4proto {}", match.family == Family::V4 ? "icmp" : "ipv6-icmp");
  }
  std::string operator()(const MatchProtocol& match) const {
    return format("meta l4proto {}", to_text(match.protocol));
  }
  std::string operator()(const MatchPort& match) const {
    return format("{} {}", name_of(match.field), match.port);
  }
  std::string operator()(const MatchEchoId& match) const {
    return format("{} id {}", match.family == Family::V4 ? "icmp" : "icmpv6", match.id);
  }
  std::string operator()(const MatchIfKind& match) const {
    return format("meta {}kind \"{}\"", match.field == Field::InIfName ? "iif" : "oif", match.kind);
  }
  std::string operator()(const MatchInSet& lookup) const {
    return format("{} {}@{}", concatenation(lookup.key), lookup.negated ? "!= " : "", lookup.set);
  }
  std::string operator()(const VerdictOf& lookup) const {
    return format("{} vmap @{}", concatenation(lookup.key), lookup.map);
  }
  std::string operator()(const DnatTo& dnat) const {
    return format("dnat {} to {} map @{}", dnat.family == Family::V4 ? "ip" : "ip6",
                  concatenation(dnat.key), dnat.map);
  }
  std::string operator()(const CountIn& count) const {
    return format("{} map @{}", concatenation(count.key), count.map);
  }
  std::string operator()(const Masquerade&) const { return "masquerade"; }
  std::string operator()(const AddFlow& flow) const { return "flow add @" + flow.table; }
  std::string operator()(const TraceOn&) const { return "meta nftrace set 1"; }
  std::string operator()(const Verdict& verdict) const { return to_text(verdict); }
};

std::string_view word_of(const Change& change) {
  if (change.first) return "insert";
  if (change.verb == Change::Verb::Delete) return "delete";
  return change.mode == Add::Exclusive ? "create" : "add";
}

// What follows that word: kind, "inet <table>", name; and when adding also the content.
struct ObjectToText {
  std::string table{};
  bool adding = true;

  std::string operator()(const Table& object) const {
    const bool passing = adding && object.is_passing;
    return "table " + to_text(object) + (passing ? " { flags owner ; }" : "");
  }

  std::string operator()(const Chain& chain) const {
    std::string text = format("chain {} {}", table, chain.name);
    if (adding && chain.hook) {
      text += format(" {{ type {} hook {} priority {} ; policy accept ; }}",
                     name_of(chain.hook->type), name_of(chain.hook->point), chain.hook->priority);
    }
    return text;
  }

  std::string operator()(const FlowTable& flows) const {
    std::string text = format("flowtable {} {}", table, flows.name);
    if (!adding) return text;
    text += format(" {{ hook ingress priority {} ;", flows.priority);
    if (!flows.devices.empty()) {
      const auto quoted = [](const std::string& device) { return format("\"{}\"", device); };
      text += format(" devices = {{ {} }} ;", join(flows.devices, ", ", quoted));
    }
    return text + " }";
  }

  std::string operator()(const Rule& rule) const {
    return format("rule {} {} {}", table, rule.chain, to_text(rule));
  }

  // As iptables(8) writes it: nft(8) has no words for all of it.
  std::string operator()(const FilterRule& rule) const {
    return format("rule {} {} # {}", table, rule.chain, to_text(rule));
  }

  std::string operator()(const Set& set) const {
    std::string text = format("{} {} {}", set.data.empty() ? "set" : "map", table, set.name);
    if (!adding) return text;
    text += " { type " + concatenation(set.key);
    if (!set.data.empty()) text += " : " + concatenation(set.data);
    if (set.ranges) text += " ; flags interval";
    if (set.counts) text += " ; counter";
    return text + " ; }";
  }

  std::string operator()(const Element& element) const {
    std::string text = format("element {} {} {{ {}", table, element.set, to_text(element.key));
    if (adding && !element.comment.empty()) text += format(" comment \"{}\"", element.comment);
    if (adding && !element.data.empty()) text += " : " + to_text(element.data);
    return text + " }";
  }
};

}  // namespace

std::string to_text(const Table& table) {
  return format("{} {}", name_of(table.family), table.name);
}

std::string to_text(Type type) {
  switch (type) {
    case Type::Ipv4Addr:
      return "ipv4_addr";
    case Type::Ipv6Addr:
      return "ipv6_addr";
    case Type::EtherAddr:
      return "ether_addr";
    case Type::InetProto:
      return "inet_proto";
    case Type::InetService:
      return "inet_service";
    case Type::IfName:
      return "ifname";
    case Type::Verdict:
      return "verdict";
  }
  return "?";
}

std::string to_text(const Verdict& verdict) {
  const bool leads_on = verdict.kind == Verdict::Kind::Jump || verdict.kind == Verdict::Kind::Goto;
  return leads_on ? format("{} {}", name_of(verdict.kind), verdict.chain)
                  : std::string(name_of(verdict.kind));
}

std::string to_text(const Datum& datum) { return std::visit(DatumToText{}, datum); }

std::string to_text(const std::vector<Datum>& concatenation) {
  return join(concatenation, " . ", [](const Datum& datum) { return to_text(datum); });
}

std::string to_text(const Rule& rule) {
  return join(rule.statements, " ",
              [](const Statement& statement) { return std::visit(StatementToText{}, statement); });
}

std::string to_text(const Change& change) {
  const bool adding = change.verb == Change::Verb::Add;
  return format(
      "{} {}", word_of(change),
      std::visit(ObjectToText{.table = to_text(change.table), .adding = adding}, change.object));
}

std::string to_text(const Batch& batch) {
  std::string text;
  for (const Change& change : batch.changes()) text += to_text(change) + "\n";
  return text;
}

}  // namespace netctl::nft

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/mac.hpp"
#include "runtime-core/addr/port.hpp"

// A ruleset as plain values: what nft(8) calls table, chain, rule, set, map and element. They are
// put into a Batch and then sent to the kernel or printed; the rest of the program never sees a
// netlink attribute. Only what the product needs exists here, so that each piece is tested.
namespace netctl::nft {

// Which packets the chains of a table see.
enum class TableFamily {
  Inet,    // IPv4 and IPv6
  Bridge,  // frames that a bridge forwards, whatever is in them
  Ip,      // IPv4 alone; others' tables, see filter_rule.hpp
  Ip6,     // IPv6 alone
};

// The table everything below lives in. A name alone is that of an inet table.
struct Table {
  Table(std::string table_name, TableFamily table_family = TableFamily::Inet)
      : name(std::move(table_name)), family(table_family) {}
  Table(const char* table_name) : name(table_name) {}

  std::string name;
  TableFamily family = TableFamily::Inet;
  // Goes with the socket that it was made through, however that ends, and nobody else can change it
  // (NFT_TABLE_F_OWNER, Linux 5.12).
  bool is_passing = false;
};

// What happens to a packet: `accept`, `drop`, `return`, `jump web`, `goto web`.
struct Verdict {
  enum class Kind { Accept, Drop, Return, Jump, Goto };
  Kind kind = Kind::Accept;
  std::string chain{};  // of Jump and Goto
  auto operator<=>(const Verdict&) const = default;
};

// The types of keys and data, named as in nft(8), section DATA TYPES.
enum class Type { Ipv4Addr, Ipv6Addr, EtherAddr, InetProto, InetService, IfName, Verdict };

struct Port {
  std::uint16_t number = 0;  // host byte order
  auto operator<=>(const Port&) const = default;
};

// Where an inet_service is asked for in the key of a set with ranges: "8000-8999".
struct PortRange {
  std::uint16_t first = 0;  // host byte order
  std::uint16_t last = 0;   // included; more than `first`
  auto operator<=>(const PortRange&) const = default;
};

// One part of a key or of data; a concatenation is a vector of them.
using Datum = std::variant<IpAddress, MacAddress, Protocol, Port, std::string /* interface name */,
                           Verdict, PortRange>;

// A set, or a map when `data` is not empty.
struct Set {
  std::string name;
  std::vector<Type> key;
  std::vector<Type> data{};
  // A key may be a range of ports (flags interval); it needs a concatenation. The kernel refuses a
  // range that begins or ends in one that is there, but not one that covers it.
  bool ranges = false;
  // Each element counts the packets that were looked up in it.
  bool counts = false;
};

// What an element has counted since it was made.
struct Counter {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // from the network header on
  bool operator==(const Counter&) const = default;
};

// An element of a set or map. Its comment says whose it is.
struct Element {
  std::string set;
  std::vector<Datum> key{};
  std::vector<Datum> data{};
  // At most 128 bytes, what nft(8) shows and accepts; without quotes and control characters, which
  // it could not read back.
  std::string comment{};
  std::optional<Counter> counter{};  // only read: of a set that counts

  // What was counted is no part of what it is.
  bool operator==(const Element& other) const {
    return set == other.set && key == other.key && data == other.data && comment == other.comment;
  }
};

// A chain; with a hook it is a base chain and sees packets by itself.
struct Hook {
  enum class Type { Filter, Nat };
  enum class Point { Prerouting, Input, Forward, Output, Postrouting };  // NF_INET_*
  Type type = Type::Filter;
  Point point = Point::Prerouting;
  int priority = 0;  // lower runs earlier; -300 raw, -100 dstnat, 100 srcnat
  bool operator==(const Hook&) const = default;
};

struct Chain {
  std::string name;
  std::optional<Hook> hook{};  // base chains have the policy accept
};

// NFT_NETDEVICE_MAX (include/net/netfilter/nf_tables.h)
inline constexpr std::size_t kMaxFlowDevices = 256;

// Connections of TCP and UDP that a rule has added (AddFlow) go by it from device to device, past
// routes and chains: from the ingress of one of its devices, found by their names, to wherever they
// went when they were added (Documentation/networking/nf_flowtable.rst).
struct FlowTable {
  std::string name;
  int priority = 0;
  // That there are, at most so many in one change; they go from it when they are deleted.
  std::vector<std::string> devices{};
};

// ---- Rules: a list of statements, each of which must match for the next to be looked at.

// What of a packet is looked at. L4Proto and the ports work for either family; EtherSource only in
// a bridge table, where every packet has one.
enum class Field {
  SourceV4,
  DestV4,
  SourceV6,
  DestV6,
  EtherSource,
  L4Proto,
  SourcePort,
  DestPort,
  InIfName,
  OutIfName,
  // Of the first packet of the connection, before any translation.
  OriginalDestV4,
  OriginalDestV6,
  OriginalDestPort
};

struct MatchIfName {  // iifname != "lo"
  Field field = Field::InIfName;
  std::string name{};
  bool negated = false;
  bool operator==(const MatchIfName&) const = default;
};
struct MatchAddress {  // ip daddr 172.17.0.0/16; the family follows from the field
  Field field = Field::SourceV4;
  IpPrefix prefix{};
  bool negated = false;
  bool operator==(const MatchAddress&) const = default;
};
struct MatchLocalDest {  // fib daddr type local
  bool operator==(const MatchLocalDest&) const = default;
};
struct MatchDnat {  // ct status dnat
  bool operator==(const MatchDnat&) const = default;
};
struct MatchEstablished {  // ct state established,related
  bool operator==(const MatchEstablished&) const = default;
};
struct MatchFamily {  // meta nfproto ipv4
  Family family = Family::V4;
  bool operator==(const MatchFamily&) const = default;
};
struct MatchIcmp {  // meta l4proto icmp, ipv6-icmp
  Family family = Family::V4;
  bool operator==(const MatchIcmp&) const = default;
};
struct MatchProtocol {  // meta l4proto tcp
  Protocol protocol = Protocol::Tcp;
  bool operator==(const MatchProtocol&) const = default;
};
struct MatchPort {  // th dport 80; behind a MatchProtocol, or it is no port
  Field field = Field::DestPort;
  std::uint16_t port = 0;  // host byte order
  bool operator==(const MatchPort&) const = default;
};
struct MatchEchoId {  // icmp id 77: of an echo's request or reply; behind a MatchIcmp
  Family family = Family::V4;
  std::uint16_t id = 0;  // host byte order
  bool operator==(const MatchEchoId&) const = default;
};
struct MatchIfKind {  // meta oifkind "bridge": a device's type as ip-link(8) names it; kernel 5.6
  Field field = Field::InIfName;  // which device: that of InIfName or OutIfName
  std::string kind{};
  bool operator==(const MatchIfKind&) const = default;
};
struct MatchInSet {  // iifname . ether saddr != @allowed
  std::vector<Field> key{};
  std::string set{};
  bool negated = false;
  bool operator==(const MatchInSet&) const = default;
};
struct VerdictOf {  // ip saddr vmap @masquerade4: goes on when there is no such element
  std::vector<Field> key{};
  std::string map{};
  bool operator==(const VerdictOf&) const = default;
};
struct DnatTo {  // dnat ip to ip daddr . meta l4proto . th dport map @publish4
  Family family = Family::V4;
  std::vector<Field> key{};
  std::string map{};       // data: address . port, or an address alone and the port stays
  bool keep_port = false;  // the latter
  bool operator==(const DnatTo&) const = default;
};
// meta l4proto . ct original proto-dst map @publish4_any: the element counts the packet, and the
// rule goes on where there is one. What the map has for it is not used, which nft(8) has no words
// for: it lists nothing of this statement.
struct CountIn {
  std::vector<Field> key{};
  std::string map{};
  bool operator==(const CountIn&) const = default;
};
struct Masquerade {
  bool operator==(const Masquerade&) const = default;
};
struct AddFlow {  // flow add @fast; in a chain of the hook forward
  std::string table{};
  bool operator==(const AddFlow&) const = default;
};
struct TraceOn {  // meta nftrace set 1: from here on each rule that decides is told (trace.hpp)
  bool operator==(const TraceOn&) const = default;
};

using Statement =
    std::variant<MatchIfName, MatchAddress, MatchLocalDest, MatchDnat, MatchEstablished,
                 MatchFamily, MatchIcmp, MatchProtocol, MatchPort, MatchEchoId, MatchIfKind,
                 MatchInSet, VerdictOf, DnatTo, CountIn, Masquerade, AddFlow, TraceOn, Verdict>;

// Appended at the end of its chain.
struct Rule {
  std::string chain;
  std::vector<Statement> statements;
  bool operator==(const Rule&) const = default;
};

// As nft(8) lists them.
std::string to_text(const Table& table);  // "inet netctl"
std::string to_text(Type type);
std::string to_text(const Verdict& verdict);
std::string to_text(const Datum& datum);
std::string to_text(const std::vector<Datum>& concatenation);  // "10.0.0.2 . tcp . 80"
std::string to_text(const Rule& rule);  // "ct status dnat ip daddr vmap @hairpin4"

}  // namespace netctl::nft

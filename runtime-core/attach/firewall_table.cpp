#include "runtime-core/attach/firewall_table.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "runtime-core/attach/port_condition.hpp"

namespace netctl::attach {
namespace {

using nft::Field;
using nft::Type;
using nft::Verdict;

constexpr int kRaw = -300;
constexpr int kBeforeNat = -150;
constexpr int kDestinationNat = -100;
constexpr int kSourceNat = 100;
constexpr int kFilter = 0;

constexpr std::string_view kMasquerade = "masq";
constexpr std::string_view kHairpin = "hairpin";
constexpr std::string_view kSame = "same_";
constexpr std::string_view kAlone = "alone_";

Type address_type(Family family) { return family == Family::V4 ? Type::Ipv4Addr : Type::Ipv6Addr; }
Field source(Family family) { return family == Family::V4 ? Field::SourceV4 : Field::SourceV6; }
Field destination(Family family) { return family == Family::V4 ? Field::DestV4 : Field::DestV6; }

std::string with_family(std::string_view name, Family family) {
  std::string result(name);
  return result += family == Family::V4 ? '4' : '6';
}

IpPrefix loopback(Family family) {
  if (family == Family::V4) return {.address = IpAddress::v4(127, 0, 0, 0), .length = 8};
  return host_prefix(IpAddress::unspecified(Family::V6).next());
}

IpPrefix multicast(Family family) {
  if (family == Family::V4) return {.address = IpAddress::v4(224, 0, 0, 0), .length = 4};
  static constexpr std::array<std::uint8_t, 16> kFf00{0xff};
  return {.address = IpAddress::from_bytes(kFf00), .length = 8};
}

std::string chain_name(std::string_view kind, const IpPrefix& network) {
  std::string name = format("{}_{}", kind, network.masked().to_text());
  std::ranges::replace(name, ':', '_');
  return name;
}

// The maps that lead to containers, in the order in which they are asked: a named address is the
// closer match.
std::array<nft::Set, 3> publish_maps(Family family) {
  return {publish_map(family), publish_any_map(family), publish_range_map(family)};
}

// A packet's key for one of them.
std::vector<Field> key_for(const nft::Set& map, Field address, Field port) {
  if (map.key.size() == 2) return {Field::L4Proto, port};
  return {address, Field::L4Proto, port};
}

void add_publish_chain(nft::Batch& batch) {
  batch.add(nft::Chain{.name = "publish"});
  for (const Family family : {Family::V4, Family::V6}) {
    for (const nft::Set& map : {condition_map(family), condition_any_map(family)}) {
      batch.add(nft::Rule{
          .chain = "publish",
          .statements = {nft::MatchFamily{family},
                         nft::VerdictOf{.key = key_for(map, destination(family), Field::DestPort),
                                        .map = map.name}}});
    }
    for (const nft::Set& map : publish_maps(family)) {
      batch.add(nft::Rule{
          .chain = "publish",
          .statements = {nft::DnatTo{.family = family,
                                     .key = key_for(map, destination(family), Field::DestPort),
                                     .map = map.name,
                                     .keep_port = map.data.size() == 1}}});
    }
  }
}

void add_counting(nft::Batch& batch, const std::string& name, nft::Hook::Point point) {
  batch.add(nft::Chain{
      .name = name,
      .hook = nft::Hook{.type = nft::Hook::Type::Filter, .point = point, .priority = kBeforeNat}});
  batch.add(nft::Rule{
      .chain = name,
      .statements = {nft::MatchDnat{}, Verdict{.kind = Verdict::Kind::Jump, .chain = "count"}}});
}

void add_count_chain(nft::Batch& batch) {
  batch.add(nft::Chain{.name = "count"});
  for (const Family family : {Family::V4, Family::V6}) {
    const Field address = family == Family::V4 ? Field::OriginalDestV4 : Field::OriginalDestV6;
    for (const nft::Set& map : publish_maps(family)) {
      batch.add(nft::Rule{
          .chain = "count",
          .statements = {
              nft::MatchFamily{family},
              nft::CountIn{.key = key_for(map, address, Field::OriginalDestPort), .map = map.name},
              Verdict{.kind = Verdict::Kind::Accept}}});
    }
  }
}

void add_destination_nat(nft::Batch& batch, const std::string& name, nft::Hook::Point point) {
  batch.add(nft::Chain{
      .name = name,
      .hook =
          nft::Hook{.type = nft::Hook::Type::Nat, .point = point, .priority = kDestinationNat}});
  batch.add(nft::Rule{.chain = name,
                      .statements = {nft::MatchLocalDest{},
                                     Verdict{.kind = Verdict::Kind::Jump, .chain = "publish"}}});
}

void add_source_nat(nft::Batch& batch) {
  const std::string chain = "postrouting";
  batch.add(nft::Chain{.name = chain,
                       .hook = nft::Hook{.type = nft::Hook::Type::Nat,
                                         .point = nft::Hook::Point::Postrouting,
                                         .priority = kSourceNat}});
  const auto rule = [&](std::vector<nft::Statement> statements) {
    batch.add(nft::Rule{.chain = chain, .statements = std::move(statements)});
  };
  for (const Family family : {Family::V4, Family::V6}) {
    rule({nft::MatchDnat{},
          nft::VerdictOf{.key = {destination(family)}, .map = hairpin_map(family).name}});
    rule({nft::MatchDnat{}, nft::MatchAddress{.field = source(family), .prefix = loopback(family)},
          nft::Masquerade{}});
    rule({nft::VerdictOf{.key = {source(family)}, .map = masquerade_map(family).name}});
  }
}

void add_loopback_guard(nft::Batch& batch) {
  batch.add(nft::Chain{.name = "raw",
                       .hook = nft::Hook{.type = nft::Hook::Type::Filter,
                                         .point = nft::Hook::Point::Prerouting,
                                         .priority = kRaw}});
  batch.add(nft::Rule{
      .chain = "raw",
      .statements = {nft::MatchIfName{.field = Field::InIfName, .name = "lo", .negated = true},
                     nft::MatchAddress{.field = Field::DestV4, .prefix = loopback(Family::V4)},
                     Verdict{.kind = Verdict::Kind::Drop}}});
}

using Rules = std::vector<std::vector<nft::Statement>>;

void add_rules(nft::Batch& batch, const std::string& chain, const Rules& rules) {
  for (const auto& statements : rules) {
    batch.add(nft::Rule{.chain = chain, .statements = statements});
  }
}

const Verdict kAccept{.kind = Verdict::Kind::Accept};
const Verdict kDrop{.kind = Verdict::Kind::Drop};

nft::MatchInSet in(Field field, const nft::Set& set) { return {.key = {field}, .set = set.name}; }

void add_forward_chain(nft::Batch& batch) {
  const nft::MatchIfKind to_bridge{.field = Field::OutIfName, .kind = "bridge"};
  const nft::MatchIfKind from_bridge{.field = Field::InIfName, .kind = "bridge"};
  batch.add(nft::Chain{.name = "forward",
                       .hook = nft::Hook{.type = nft::Hook::Type::Filter,
                                         .point = nft::Hook::Point::Forward,
                                         .priority = kFilter}});
  // Most packets belong to a connection: before the lookups, which cost 6 % of what goes through.
  add_rules(batch, "forward",
            {{Verdict{.kind = Verdict::Kind::Jump, .chain = std::string(kAdmin)}},
             {nft::MatchEstablished{}, kAccept}});
  for (const Family family : {Family::V4, Family::V6}) {
    add_rules(batch, "forward",
              {{nft::VerdictOf{.key = {destination(family)}, .map = ingress_map(family).name}}});
  }
  add_rules(batch, "forward",
            {{nft::VerdictOf{.key = {Field::InIfName, Field::OutIfName}, .map = within_map().name}},
             {in(Field::InIfName, internal_set()), kDrop},
             {in(Field::OutIfName, internal_set()), kDrop},
             {nft::MatchDnat{}, kAccept},
             {in(Field::InIfName, isolated_set()), in(Field::OutIfName, isolated_set()), kDrop},
             {in(Field::InIfName, strict_set()), to_bridge, kDrop},
             {in(Field::OutIfName, strict_set()), from_bridge, kDrop}});
  for (const Family family : {Family::V4, Family::V6}) {
    const nft::VerdictOf gateway{.key = {Field::OutIfName}, .map = gateway_map(family).name};
    add_rules(batch, "forward", {{nft::MatchFamily{family}, gateway}});
  }
}

void add_policy_chains(nft::Batch& batch) {
  const std::string apart(kApart);
  batch.add(nft::Chain{.name = apart});
  add_rules(batch, apart, {{nft::MatchDnat{}, kAccept}, {kDrop}});

  const std::string routed(kRouted);
  const auto open = [](Family family) {
    return nft::MatchInSet{.key = {destination(family), Field::L4Proto, Field::DestPort},
                           .set = open_set(family).name};
  };
  batch.add(nft::Chain{.name = routed});
  add_rules(batch, routed,
            {{nft::MatchIcmp{Family::V4}, kAccept},
             {nft::MatchIcmp{Family::V6}, kAccept},
             {open(Family::V4), kAccept},
             {open(Family::V6), kAccept},
             {kDrop}});
}

void add_firewall(nft::Batch& batch) {
  // The user may have made the table, with a chain of rules; who makes the sets makes the rest.
  batch.add_table();
  for (const OwnedSet& owned : firewall_table().sets) {
    batch.add(owned.set, nft::Add::Exclusive);
  }
  batch.add(nft::Chain{.name = std::string(kAdmin)});
  add_publish_chain(batch);
  add_destination_nat(batch, "prerouting", nft::Hook::Point::Prerouting);
  add_destination_nat(batch, "output", nft::Hook::Point::Output);
  add_source_nat(batch);
  add_count_chain(batch);
  add_counting(batch, "count_in", nft::Hook::Point::Prerouting);
  add_counting(batch, "count_out", nft::Hook::Point::Output);
  add_loopback_guard(batch);
  add_policy_chains(batch);
  add_forward_chain(batch);
}

// What chain_name() made.
std::optional<IpPrefix> network_of(std::string_view chain, std::string_view kind) {
  if (!chain.starts_with(kind) || !chain.substr(kind.size()).starts_with('_')) return std::nullopt;
  std::string text(chain.substr(kind.size() + 1));
  std::ranges::replace(text, '_', ':');
  const auto network = parse_ip_prefix(text);
  return network ? std::optional(*network) : std::nullopt;
}

Rules masquerade_rules(const IpPrefix& network) {
  const Family family = network.address.family();
  const auto to = [&](const IpPrefix& prefix) {
    return nft::MatchAddress{.field = destination(family), .prefix = prefix};
  };
  return {{to(network), kAccept}, {to(multicast(family)), kAccept}, {nft::Masquerade{}}};
}

Rules hairpin_rules(const IpPrefix& network) {
  return {{nft::MatchAddress{.field = source(network.address.family()), .prefix = network},
           nft::Masquerade{}}};
}

Rules ingress_rules(const std::string& link, bool from_own_bridge) {
  const Verdict back{.kind = Verdict::Kind::Return};
  const nft::MatchIfKind from_bridge{.field = Field::InIfName, .kind = "bridge"};
  const nft::MatchIfName elsewhere{.field = Field::InIfName, .name = link, .negated = true};
  // A table of an earlier version asks here before it lets established connections pass.
  Rules rules = {{nft::MatchEstablished{}, back}, {nft::MatchDnat{}, back}};
  if (from_own_bridge) {
    rules.push_back({elsewhere, from_bridge, kDrop});
    rules.push_back({elsewhere, in(Field::InIfName, secluded_set()), kDrop});
  } else {
    rules.push_back({from_bridge, kDrop});
    rules.push_back({in(Field::InIfName, secluded_set()), kDrop});
  }
  return rules;
}

std::vector<nft::Rule> rules_of(const std::string& chain) {
  Rules rules;
  if (chain.starts_with(kSame)) rules = ingress_rules(chain.substr(kSame.size()), true);
  if (chain.starts_with(kAlone)) rules = ingress_rules(chain.substr(kAlone.size()), false);
  if (const auto network = network_of(chain, kMasquerade)) rules = masquerade_rules(*network);
  if (const auto conditions = conditions_in(chain)) rules = condition_rules(*conditions);
  if (chain == kHairpinAll) {
    rules = {{nft::Masquerade{}}};
  } else if (const auto network = network_of(chain, kHairpin)) {
    rules = hairpin_rules(*network);
  }
  std::vector<nft::Rule> all;
  for (auto& statements : rules) {
    all.push_back({.chain = chain, .statements = std::move(statements)});
  }
  return all;
}

nft::Set address_verdicts(std::string_view name, Family family) {
  return {
      .name = with_family(name, family), .key = {address_type(family)}, .data = {Type::Verdict}};
}

nft::Set links(std::string_view name) { return {.name = std::string(name), .key = {Type::IfName}}; }

// Those of either family, and of none.
constexpr std::size_t kSets = 2 * 11 + 5;

OwnedTable make_table() {
  OwnedTable made{.table = std::string(kTable),
                  .chains = {"publish", "prerouting", "output", "postrouting", "count", "count_in",
                             "count_out", "raw", "forward", kApart, kRouted, kAdmin},
                  .users_chain = kAdmin,
                  .add_fixed_part = add_firewall,
                  .rules_of = rules_of};
  made.sets.reserve(kSets);
  for (const Family family : {Family::V4, Family::V6}) {
    made.sets.push_back({publish_map(family), Purpose::Publish, true});
    made.sets.push_back({publish_any_map(family), Purpose::Publish, true});
    made.sets.push_back({publish_range_map(family), Purpose::Publish, true});
    made.sets.push_back({condition_map(family), Purpose::Publish});
    made.sets.push_back({condition_any_map(family), Purpose::Publish});
    made.sets.push_back({masquerade_map(family), Purpose::Masquerade});
    made.sets.push_back({hairpin_map(family), Purpose::Publish});
    made.sets.push_back({open_set(family), Purpose::Publish});
    made.sets.push_back({gateway_map(family), Purpose::Policy});
    made.sets.push_back({ingress_map(family), Purpose::Ingress});
    made.sets.push_back({admitted_set(family), Purpose::Ingress});
  }
  made.sets.push_back({secluded_set(), Purpose::Ingress});
  made.sets.push_back({within_map(), Purpose::Policy});
  made.sets.push_back({internal_set(), Purpose::Policy});
  made.sets.push_back({isolated_set(), Purpose::Policy});
  made.sets.push_back({strict_set(), Purpose::Policy});
  return made;
}

}  // namespace

nft::Set publish_map(Family family) {
  const Type address = address_type(family);
  return {.name = with_family("publish", family),
          .key = {address, Type::InetProto, Type::InetService},
          .data = {address, Type::InetService},
          .counts = true};
}

nft::Set publish_any_map(Family family) {
  return {.name = with_family("publish", family) + "_any",
          .key = {Type::InetProto, Type::InetService},
          .data = {address_type(family), Type::InetService},
          .counts = true};
}

nft::Set publish_range_map(Family family) {
  return {.name = with_family("publish", family) + "_range",
          .key = {Type::InetProto, Type::InetService},
          .data = {address_type(family)},
          .ranges = true,
          .counts = true};
}

nft::Set condition_map(Family family) {
  return {.name = with_family("condition", family),
          .key = {address_type(family), Type::InetProto, Type::InetService},
          .data = {Type::Verdict}};
}

nft::Set condition_any_map(Family family) {
  return {.name = with_family("condition", family) + "_any",
          .key = {Type::InetProto, Type::InetService},
          .data = {Type::Verdict}};
}

nft::Set masquerade_map(Family family) { return address_verdicts("masquerade", family); }
nft::Set hairpin_map(Family family) { return address_verdicts("hairpin", family); }

nft::Set open_set(Family family) {
  return {.name = with_family("open", family),
          .key = {address_type(family), Type::InetProto, Type::InetService}};
}

nft::Set within_map() {
  return {.name = "within", .key = {Type::IfName, Type::IfName}, .data = {Type::Verdict}};
}
nft::Set internal_set() { return links("internal"); }
nft::Set isolated_set() { return links("isolated"); }
nft::Set strict_set() { return links("strict"); }
nft::Set gateway_map(Family family) {
  return {.name = with_family("gateway", family), .key = {Type::IfName}, .data = {Type::Verdict}};
}

nft::Set ingress_map(Family family) { return address_verdicts("ingress", family); }
nft::Set secluded_set() { return links("secluded"); }
nft::Set admitted_set(Family family) {
  return {.name = with_family("admitted", family), .key = {address_type(family)}};
}

std::string same_chain(const std::string& link) { return std::string(kSame) + link; }
std::string alone_chain(const std::string& link) { return std::string(kAlone) + link; }
std::string masquerade_chain(const IpPrefix& network) { return chain_name(kMasquerade, network); }
std::string hairpin_chain(const IpPrefix& network) { return chain_name(kHairpin, network); }

const OwnedTable& firewall_table() {
  // Never destroyed, which would take as long as to make it does.
  static const auto* const table = new OwnedTable(make_table());
  return *table;
}

}  // namespace netctl::attach

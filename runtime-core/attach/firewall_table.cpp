#include "runtime-core/attach/firewall_table.hpp"

#include <algorithm>
#include <array>

namespace netctl::attach {
namespace {

using nft::Field;
using nft::Type;
using nft::Verdict;

constexpr int kRaw = -300;
constexpr int kDestinationNat = -100;
constexpr int kSourceNat = 100;

const IpPrefix kLoopback{.address = IpAddress::v4(127, 0, 0, 0), .length = 8};

Type address_type(Family family) { return family == Family::V4 ? Type::Ipv4Addr : Type::Ipv6Addr; }
Field source(Family family) { return family == Family::V4 ? Field::SourceV4 : Field::SourceV6; }
Field destination(Family family) { return family == Family::V4 ? Field::DestV4 : Field::DestV6; }

std::string with_family(std::string_view name, Family family) {
  return format("{}{}", name, family == Family::V4 ? 4 : 6);
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

void add_publish_chain(nft::Batch& batch) {
  batch.add(nft::Chain{.name = "publish"});
  for (const Family family : {Family::V4, Family::V6}) {
    const auto rule = [&](std::vector<Field> key, const nft::Set& map) {
      batch.add(nft::Rule{
          .chain = "publish",
          .statements = {nft::DnatTo{.family = family, .key = std::move(key), .map = map.name}}});
    };
    // A named address is the closer match, so it is asked first.
    rule({destination(family), Field::L4Proto, Field::DestPort}, publish_map(family));
    rule({Field::L4Proto, Field::DestPort}, publish_any_map(family));
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
    if (family == Family::V4) {
      rule({nft::MatchDnat{}, nft::MatchAddress{.field = Field::SourceV4, .prefix = kLoopback},
            nft::Masquerade{}});
    }
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
                     nft::MatchAddress{.field = Field::DestV4, .prefix = kLoopback},
                     Verdict{.kind = Verdict::Kind::Drop}}});
}

void add_chain(nft::Batch& batch, const std::string& name,
               const std::vector<std::vector<nft::Statement>>& rules) {
  batch.add(nft::Chain{.name = name}, nft::Add::Exclusive);
  for (const auto& statements : rules) {
    batch.add(nft::Rule{.chain = name, .statements = statements});
  }
}

}  // namespace

nft::Set publish_map(Family family) {
  const Type address = address_type(family);
  return {.name = with_family("publish", family),
          .key = {address, Type::InetProto, Type::InetService},
          .data = {address, Type::InetService}};
}

nft::Set publish_any_map(Family family) {
  return {.name = with_family("publish", family) + "_any",
          .key = {Type::InetProto, Type::InetService},
          .data = {address_type(family), Type::InetService}};
}

nft::Set masquerade_map(Family family) {
  return {.name = with_family("masquerade", family),
          .key = {address_type(family)},
          .data = {Type::Verdict}};
}

nft::Set hairpin_map(Family family) {
  return {.name = with_family("hairpin", family),
          .key = {address_type(family)},
          .data = {Type::Verdict}};
}

std::vector<nft::Set> all_maps() {
  std::vector<nft::Set> maps;
  for (const Family family : {Family::V4, Family::V6}) {
    for (const auto& map : {publish_map, publish_any_map, masquerade_map, hairpin_map}) {
      maps.push_back(map(family));
    }
  }
  return maps;
}

std::string masquerade_chain(const IpPrefix& network) { return chain_name("masq", network); }
std::string hairpin_chain(const IpPrefix& network) { return chain_name("hairpin", network); }

void add_table(nft::Batch& batch) {
  batch.add_table(nft::Add::Exclusive);
  for (nft::Set& map : all_maps()) batch.add(std::move(map));
  add_publish_chain(batch);
  add_destination_nat(batch, "prerouting", nft::Hook::Point::Prerouting);
  add_destination_nat(batch, "output", nft::Hook::Point::Output);
  add_source_nat(batch);
  add_loopback_guard(batch);
}

void add_masquerade_chain(nft::Batch& batch, const IpPrefix& network) {
  const Family family = network.address.family();
  const auto to = [&](const IpPrefix& prefix) {
    return nft::MatchAddress{.field = destination(family), .prefix = prefix};
  };
  const Verdict accept{.kind = Verdict::Kind::Accept};
  add_chain(batch, masquerade_chain(network),
            {{to(network.masked()), accept}, {to(multicast(family)), accept}, {nft::Masquerade{}}});
}

void add_hairpin_chain(nft::Batch& batch, const IpPrefix& network) {
  add_chain(
      batch, hairpin_chain(network),
      {{nft::MatchAddress{.field = source(network.address.family()), .prefix = network.masked()},
        nft::Masquerade{}}});
}

void add_hairpin_all(nft::Batch& batch) {
  add_chain(batch, std::string(kHairpinAll), {{nft::Masquerade{}}});
}

}  // namespace netctl::attach

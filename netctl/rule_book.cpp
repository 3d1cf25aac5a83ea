#include "netctl/rule_book.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <optional>

#include "runtime-core/attach/own_tables.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/nft/overview.hpp"

namespace netctl::command {
namespace {

std::string family_of(const nft::Table& table) {
  const std::string text = nft::to_text(table);  // "inet netctl"
  return text.substr(0, text.find(' '));
}

using RulesOfChains = std::map<std::string, std::vector<nft::Rule>>;

RulesOfChains fixed_rules(const attach::OwnedTable& owned) {
  nft::Batch fixed(owned.table);
  owned.add_fixed_part(fixed);
  RulesOfChains rules;
  for (const nft::Change& change : fixed.changes()) {
    if (const auto* rule = std::get_if<nft::Rule>(&change.object)) {
      rules[rule->chain].push_back(*rule);
    }
  }
  return rules;
}

// ---- Keys of sets as a packet has them.

std::string link_name(std::uint32_t index) {
  std::array<char, IF_NAMESIZE> name{};
  return index != 0 && ::if_indextoname(index, name.data()) != nullptr ? name.data() : "";
}

std::optional<nft::Datum> value_of(nft::Field field, const nft::TracedPacket& packet) {
  using nft::Field;
  switch (field) {
    case Field::SourceV4:
    case Field::SourceV6:
      return packet.source;
    case Field::DestV4:
    case Field::DestV6:
      return packet.destination;
    case Field::L4Proto:
      return static_cast<Protocol>(packet.protocol);
    case Field::SourcePort:
      return nft::Port{packet.source_port};
    case Field::DestPort:
      return nft::Port{packet.dest_port};
    case Field::InIfName:
      return link_name(packet.in_link);
    case Field::OutIfName:
      return link_name(packet.out_link);
    case Field::EtherSource:
    case Field::OriginalDestV4:
    case Field::OriginalDestV6:
    case Field::OriginalDestPort:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::vector<nft::Datum>> key_of(const std::vector<nft::Field>& fields,
                                              const nft::TracedPacket& packet) {
  std::vector<nft::Datum> key;
  for (const nft::Field field : fields) {
    auto value = value_of(field, packet);
    if (!value) return std::nullopt;
    key.push_back(*std::move(value));
  }
  return key;
}

// A set that a statement looks into, and what for.
struct Lookup {
  std::vector<nft::Field> key{};
  std::string set{};
};

std::optional<Lookup> lookup_in(const nft::Statement& statement) {
  if (const auto* dnat = std::get_if<nft::DnatTo>(&statement)) return Lookup{dnat->key, dnat->map};
  if (const auto* verdict = std::get_if<nft::VerdictOf>(&statement)) {
    return Lookup{verdict->key, verdict->map};
  }
  const auto* member = std::get_if<nft::MatchInSet>(&statement);
  if (member && !member->negated) return Lookup{member->key, member->set};
  return std::nullopt;
}

std::string element_text(const nft::Element& element) {
  std::string text = format("{} {{ {}", element.set, nft::to_text(element.key));
  if (!element.data.empty()) text += " : " + nft::to_text(element.data);
  return text + " } of " + element.comment;
}

}  // namespace

Result<RuleBook> RuleBook::open() {
  RuleBook book(TRY(nft::Socket::open()));
  TRY(book.read_own_tables());
  return book;
}

// The kernel's rules are in the order of ours. A chain that has more or less of them is not as it
// was made, and its handles say nothing.
Status RuleBook::read_own_tables() {
  for (const attach::OwnedTable* owned : attach::own_tables()) {
    RulesOfChains rules = fixed_rules(*owned);
    std::map<std::string, std::vector<std::uint64_t>> handles;
    for (const nft::RulePlace& place : TRY(nft::list_rules(owned->table))) {
      handles[place.chain].push_back(place.handle);
    }
    for (const auto& [chain, of_chain] : handles) {
      if (chain == owned->users_chain) continue;
      if (!rules.contains(chain)) rules[chain] = owned->rules_of(chain);
      if (rules[chain].size() != of_chain.size()) continue;
      auto& known = own_[{family_of(owned->table), owned->table.name, chain}];
      for (std::size_t i = 0; i < of_chain.size(); ++i) known[of_chain[i]] = rules[chain][i];
    }
  }
  return ok();
}

void RuleBook::read_filter_chain(const nft::Table& table, const std::string& chain) {
  auto& known = filter_[{family_of(table), table.name, chain}];
  const auto found = socket_.find_filter_chain(table, chain);
  if (!found) {
    log::debug("chain {} of table {}: {}", chain, nft::to_text(table), found.error().message);
    return;
  }
  if (!*found) return;
  for (const nft::FilterRule& rule : (*found)->rules) {
    known[rule.handle] = nft::to_text(rule) + (rule.has_more ? " …" : "");
  }
}

std::string RuleBook::text_of(const nft::TraceEvent& event) {
  if (event.kind == nft::TraceEvent::Kind::Policy) return "policy";
  const auto own = own_.find(chain_of(event));
  if (own != own_.end()) {
    const auto rule = own->second.find(event.rule);
    if (rule != own->second.end()) return nft::to_text(rule->second);
  }
  if (event.family == "ip" || event.family == "ip6") {
    const auto family = event.family == "ip" ? nft::TableFamily::Ip : nft::TableFamily::Ip6;
    if (!filter_.contains(chain_of(event))) {
      read_filter_chain(nft::Table(event.table, family), event.chain);
    }
    const auto& rules = filter_[chain_of(event)];
    const auto rule = rules.find(event.rule);
    if (rule != rules.end()) return rule->second;
  }
  return format("rule {}: nft -a list chain {} {} {}", event.rule, event.family, event.table,
                event.chain);
}

std::string RuleBook::element_for(const PathStep& step) {
  const auto own = own_.find(chain_of(step.event));
  if (own == own_.end()) return "";
  const auto rule = own->second.find(step.event.rule);
  if (rule == own->second.end()) return "";
  for (const attach::OwnedTable* owned : attach::own_tables()) {
    if (owned->table.name != step.event.table) continue;
    if (family_of(owned->table) != step.event.family) continue;
    for (const nft::Statement& statement : rule->second.statements) {
      const auto lookup = lookup_in(statement);
      const auto key = lookup ? key_of(lookup->key, step.packet) : std::nullopt;
      if (!key) continue;
      const auto set = std::ranges::find(
          owned->sets, lookup->set, [](const attach::OwnedSet& each) { return each.set.name; });
      if (set == owned->sets.end()) continue;
      const auto found = socket_.find_element(owned->table, set->set, *key);
      if (found && *found) return element_text(**found);
    }
  }
  return "";
}

}  // namespace netctl::command

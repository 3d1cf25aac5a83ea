#include "runtime-core/attach/port_condition.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace netctl::attach {
namespace {

using nft::Field;
using Of = PortCondition::Of;

constexpr std::string_view kPrefix = "when";
constexpr std::string_view kBetween = "--";
constexpr std::string_view kNot = "not-";

constexpr std::array<std::pair<Of, std::string_view>, 3> kWords{
    {{Of::Source, "from-"}, {Of::Destination, "to-"}, {Of::InLink, "in-"}}};

std::string_view word_of(Of of) {
  return std::ranges::find(kWords, of, [](const auto& word) { return word.first; })->second;
}

// nft(8) reads no ":" in a name.
std::string value_of(const PortCondition& condition) {
  if (condition.of == Of::InLink) return condition.link;
  std::string text = condition.prefix.masked().to_text();
  std::ranges::replace(text, ':', '_');
  return text;
}

std::optional<PortCondition> condition_in(std::string_view part) {
  PortCondition condition{.negated = part.starts_with(kNot)};
  if (condition.negated) part.remove_prefix(kNot.size());
  const auto word =
      std::ranges::find_if(kWords, [&](const auto& one) { return part.starts_with(one.second); });
  if (word == kWords.end()) return std::nullopt;
  part.remove_prefix(word->second.size());
  condition.of = word->first;
  if (condition.of == Of::InLink) {
    condition.link = part;
    return condition;
  }
  std::string text(part);
  std::ranges::replace(text, '_', ':');
  const auto prefix = parse_ip_prefix(text);
  if (!prefix) return std::nullopt;
  condition.prefix = *prefix;
  return condition;
}

Field field_of(const PortCondition& condition) {
  const bool v4 = condition.prefix.address.is_v4();
  if (condition.of == Of::Source) return v4 ? Field::SourceV4 : Field::SourceV6;
  return v4 ? Field::DestV4 : Field::DestV6;
}

// Holds where the condition does not.
nft::Statement opposite(const PortCondition& condition) {
  if (condition.of == Of::InLink) {
    return nft::MatchIfName{
        .field = Field::InIfName, .name = condition.link, .negated = !condition.negated};
  }
  return nft::MatchAddress{
      .field = field_of(condition), .prefix = condition.prefix, .negated = !condition.negated};
}

}  // namespace

bool has_chain_name(std::string_view link) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
  };
  return std::ranges::all_of(link, is_plain) && link.find(kBetween) == link.npos &&
         !link.starts_with('-') && !link.ends_with('-');
}

std::string condition_chain(const std::vector<PortCondition>& conditions) {
  std::string name(kPrefix);
  for (const PortCondition& condition : conditions) {
    name += kBetween;
    if (condition.negated) name += kNot;
    name += word_of(condition.of);
    name += value_of(condition);
  }
  return name;
}

std::optional<std::vector<PortCondition>> conditions_in(std::string_view chain) {
  if (!chain.starts_with(kPrefix)) return std::nullopt;
  chain.remove_prefix(kPrefix.size());
  std::vector<PortCondition> conditions;
  while (chain.starts_with(kBetween)) {
    chain.remove_prefix(kBetween.size());
    const auto end = std::min(chain.find(kBetween), chain.size());
    auto condition = condition_in(chain.substr(0, end));
    if (!condition) return std::nullopt;
    conditions.push_back(*std::move(condition));
    chain.remove_prefix(end);
  }
  if (conditions.empty() || !chain.empty()) return std::nullopt;
  return conditions;
}

std::vector<std::vector<nft::Statement>> condition_rules(
    const std::vector<PortCondition>& conditions) {
  std::vector<std::vector<nft::Statement>> rules;
  for (const PortCondition& condition : conditions) {
    rules.push_back({opposite(condition), nft::Verdict{.kind = nft::Verdict::Kind::Accept}});
  }
  return rules;
}

}  // namespace netctl::attach

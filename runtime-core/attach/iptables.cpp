#include "runtime-core/attach/iptables.hpp"

#include <algorithm>
#include <array>

#include "runtime-core/base/format.hpp"

namespace netctl::attach {
namespace {

using nft::CtState;
using nft::FilterChain;
using nft::FilterRule;
using nft::Verdict;
using Kind = FilterEdit::Kind;

const std::string kContainers(kContainersChain);
const Verdict kAcceptAll{.kind = Verdict::Kind::Accept};

// Chains of programs that say what may be forwarded.
constexpr std::array<std::string_view, 4> kOthers = {"DOCKER", "KUBE-", "ufw-", "CNI-"};
// In the chains that firewalld makes: FORWARD_direct, FORWARD_IN_ZONES, FORWARD_POLICIES_pre.
constexpr std::string_view kFirewalld = "FORWARD_";

Verdict jump_to(const std::string& chain) { return {.kind = Verdict::Kind::Jump, .chain = chain}; }

// The chain that every packet is led to from that rule; empty: none.
std::string target_of(const FilterRule& rule) {
  const bool leads = rule.verdict && rule.verdict->kind == Verdict::Kind::Jump;
  return leads ? rule.verdict->chain : std::string();
}

FilterRule forward_jump() {
  return {
      .chain = "FORWARD", .comment = "CNI firewall plugin rules", .verdict = jump_to(kContainers)};
}

FilterRule admin_jump(const std::string& admin) {
  return {.chain = kContainers,
          .comment = "CNI firewall plugin admin overrides",
          .verdict = jump_to(admin)};
}

std::vector<FilterRule> rules_for(const IpAddress& address, const std::string& tag) {
  return {{.chain = kContainers,
           .destination = address,
           .state = CtState::Established,
           .verdict = kAcceptAll},
          {.chain = kContainers, .source = address, .verdict = kAcceptAll},
          {.chain = kContainers,
           .destination = address,
           .state = CtState::Dnat,
           .comment = tag,
           .verdict = kAcceptAll}};
}

bool has(const std::optional<FilterChain>& chain, const FilterRule& wanted) {
  return chain && std::ranges::any_of(chain->rules,
                                      [&](const FilterRule& rule) { return rule.is_like(wanted); });
}

bool concerns(const FilterRule& rule, const std::vector<IpAddress>& addresses) {
  const auto is_one = [&](const std::optional<IpAddress>& address) {
    return address && std::ranges::find(addresses, *address) != addresses.end();
  };
  return !rule.has_more && rule.verdict == kAcceptAll &&
         (is_one(rule.source) || is_one(rule.destination));
}

// Whether nothing but `ours`, so many rules and jumps, is in it and leads to it.
bool holds_only(const FilterChain& chain, std::size_t ours) { return chain.use <= ours; }

// The chains, when only our jumps are left of them: in `rest` of CNI-FORWARD. Empty otherwise.
std::vector<FilterEdit> removal_of_chains(const FilterTable& table,
                                          const std::vector<FilterRule>& rest) {
  std::vector<FilterRule> jumps;  // to CNI-FORWARD
  if (table.forward) {
    std::ranges::copy_if(table.forward->rules, std::back_inserter(jumps),
                         [](const FilterRule& rule) {
                           return target_of(rule) == kContainers && rule.is_unconditional();
                         });
  }
  // The user's chain has rules, or another than the user's is led to: all stays as it is.
  for (const FilterRule& rule : rest) {
    const auto admin = table.admin.find(target_of(rule));
    if (admin == table.admin.end() || !admin->second.rules.empty()) return {};
  }
  if (!holds_only(*table.containers, table.containers->rules.size() + jumps.size())) return {};

  std::vector<FilterEdit> edits;
  for (const FilterRule& rule : jumps) edits.push_back({.kind = Kind::Delete, .rule = rule});
  for (const FilterRule& rule : rest) edits.push_back({.kind = Kind::Delete, .rule = rule});
  edits.push_back({.kind = Kind::DeleteChain, .rule = {.chain = kContainers}});
  for (const auto& [name, chain] : table.admin) {
    const auto jumps_to_it = static_cast<std::size_t>(std::ranges::count(rest, name, target_of));
    if (jumps_to_it == 0 || !holds_only(chain, jumps_to_it)) continue;
    edits.push_back({.kind = Kind::DeleteChain, .rule = {.chain = name}});
  }
  return edits;
}

}  // namespace

std::string to_text(const FilterEdit& edit) {
  const std::string& chain = edit.rule.chain;
  switch (edit.kind) {
    case Kind::NewChain:
      return "-N " + chain;
    case Kind::DeleteChain:
      return "-X " + chain;
    case Kind::Insert:
      return format("-I {} {}", chain, nft::to_text(edit.rule));
    case Kind::Append:
      return format("-A {} {}", chain, nft::to_text(edit.rule));
    case Kind::Delete:
      return format("-D {} {}", chain, nft::to_text(edit.rule));
  }
  return "";
}

std::optional<std::string> why_it_may_drop(const FilterChain& forward) {
  if (forward.drops) return "its policy is DROP";
  for (const FilterRule& rule : forward.rules) {
    const std::string target = target_of(rule);
    for (const std::string_view other : kOthers) {
      if (target.starts_with(other)) return format("it leads to {}", target);
    }
  }
  if (forward.rules.empty()) return std::nullopt;
  const FilterRule& last = forward.rules.back();
  if (last.is_unconditional() && last.verdict && last.verdict->kind == Verdict::Kind::Drop) {
    return "its last rule drops all";
  }
  return std::nullopt;
}

bool is_firewalld(const FilterChain& forward) {
  return std::ranges::any_of(forward.rules, [](const FilterRule& rule) {
    return target_of(rule).starts_with(kFirewalld);
  });
}

std::vector<FilterEdit> admitting_edits(const FilterTable& table, Family family,
                                        const Admission& admission) {
  std::vector<FilterEdit> edits;
  std::vector<FilterRule> wanted;
  for (const IpAddress& address : admission.addresses) {
    if (address.family() != family) continue;
    for (FilterRule& rule : rules_for(address, admission.tag)) wanted.push_back(std::move(rule));
  }
  if (wanted.empty() || !table.forward) return edits;

  const std::string& admin = admission.admin_chain;
  if (!table.admin.contains(admin)) {
    edits.push_back({.kind = Kind::NewChain, .rule = {.chain = admin}});
  }
  if (!table.containers) edits.push_back({.kind = Kind::NewChain, .rule = {.chain = kContainers}});
  if (!has(table.containers, admin_jump(admin))) {
    edits.push_back({.kind = Kind::Insert, .rule = admin_jump(admin)});
  }
  if (!has(table.forward, forward_jump())) {
    edits.push_back({.kind = Kind::Insert, .rule = forward_jump()});
  }
  for (FilterRule& rule : wanted) {
    if (has(table.containers, rule)) continue;
    edits.push_back({.kind = Kind::Append, .rule = std::move(rule)});
  }
  return edits;
}

std::vector<FilterEdit> withdrawing_edits(const FilterTable& table,
                                          const std::vector<IpAddress>& addresses) {
  std::vector<FilterEdit> edits;
  if (!table.containers) return edits;
  std::vector<FilterRule> rest;
  for (const FilterRule& rule : table.containers->rules) {
    if (concerns(rule, addresses)) {
      edits.push_back({.kind = Kind::Delete, .rule = rule});
    } else {
      rest.push_back(rule);
    }
  }
  // A chain that had nothing to be removed is somebody else's business.
  if (edits.empty()) return edits;
  std::ranges::move(removal_of_chains(table, rest), std::back_inserter(edits));
  return edits;
}

}  // namespace netctl::attach

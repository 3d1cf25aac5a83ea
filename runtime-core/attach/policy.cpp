#include "runtime-core/attach/policy.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/owned_table.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Verdict;

constexpr std::array<std::pair<std::string_view, GatewayMode>, 4> kModes = {{
    {"nat-unprotected", GatewayMode::NatUnprotected},
    {"nat", GatewayMode::Nat},
    {"routed", GatewayMode::Routed},
    {"isolated", GatewayMode::Isolated},
}};

Verdict to(std::string_view chain) {
  return {.kind = Verdict::Kind::Goto, .chain = std::string(chain)};
}

std::vector<Element> elements_of(const std::string& bridge, const Policy& policy) {
  std::vector<Element> elements;
  const auto add = [&](const nft::Set& set, std::vector<nft::Datum> data = {}) {
    elements.push_back({.set = set.name,
                        .key = std::vector<nft::Datum>(set.key.size(), bridge),
                        .data = std::move(data),
                        .comment = bridge_tag(bridge)});
  };
  if (policy.is_open()) return elements;
  add(within_map(), {policy.icc ? Verdict{.kind = Verdict::Kind::Accept} : to(kApart)});
  if (policy.internal) add(internal_set());
  if (policy.isolation == Isolation::Strict) add(strict_set());
  if (policy.isolation != Isolation::None) add(isolated_set());
  for (const Family family : {Family::V4, Family::V6}) {
    const GatewayMode mode = policy.mode(family);
    if (mode == GatewayMode::Nat) add(gateway_map(family), {Verdict{.kind = Verdict::Kind::Drop}});
    if (mode == GatewayMode::Routed) add(gateway_map(family), {to(kRouted)});
  }
  return elements;
}

// One in each set that a policy can have any in.
std::vector<Element> possible_elements(const std::string& bridge) {
  return elements_of(bridge, {.internal = true,
                              .isolation = Isolation::Strict,
                              .v4 = GatewayMode::Nat,
                              .v6 = GatewayMode::Nat});
}

std::vector<Element> unwanted_elements(const std::string& bridge,
                                       const std::vector<Element>& wanted) {
  std::vector<Element> unwanted = possible_elements(bridge);
  std::erase_if(unwanted, [&](const Element& element) {
    return std::ranges::find(wanted, element.set, &Element::set) != wanted.end();
  });
  return unwanted;
}

}  // namespace

std::string_view to_text(GatewayMode mode) {
  return std::ranges::find(kModes, mode, &decltype(kModes)::value_type::second)->first;
}

Result<GatewayMode> parse_gateway_mode(std::string_view text) {
  const auto found = std::ranges::find(kModes, text, &decltype(kModes)::value_type::first);
  if (found != kModes.end()) return found->second;
  return fail(Errc::InvalidArgument,
              "unknown gateway mode \"{}\": there are nat, nat-unprotected, routed and isolated",
              text);
}

Status ensure_policy(const std::string& bridge, const Policy& policy, std::optional<int> socket) {
  const std::string tag = bridge_tag(bridge);
  const auto wanted = elements_of(bridge, policy);
  if (wanted.empty() &&
      !TRY(TableEditor::may_hold(firewall_table(), Purpose::Policy, tag, socket))) {
    return ok();
  }
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return editor.settle(Purpose::Policy, tag, wanted, unwanted_elements(bridge, wanted))
      .context("policy of bridge {}", bridge);
}

Status remove_policy(const std::string& bridge) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  TRY(editor.remove(Purpose::Policy, bridge_tag(bridge)).context("policy of bridge {}", bridge));
  return ok();
}

Result<std::vector<std::string>> missing_policy(const std::string& bridge, const Policy& policy) {
  const auto wanted = elements_of(bridge, policy);
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  auto lines = TRY(editor.missing(wanted));
  for (const Element& element : unwanted_elements(bridge, wanted)) {
    const auto present = TRY(editor.find(element));
    if (present) lines.push_back(format("{} {{ \"{}\" }} is there", element.set, bridge));
  }
  return lines;
}

}  // namespace netctl::attach

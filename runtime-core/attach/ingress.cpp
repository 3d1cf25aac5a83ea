#include "runtime-core/attach/ingress.hpp"

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/owned_table.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Verdict;

std::vector<Element> elements_of(const Owner& owner, const Ingress& ingress) {
  std::vector<Element> elements;
  const auto add = [&](const nft::Set& set, nft::Datum key, std::vector<nft::Datum> data = {}) {
    elements.push_back({.set = set.name,
                        .key = {std::move(key)},
                        .data = std::move(data),
                        .comment = owner.tag()});
  };
  const bool guarded = ingress.policy != IngressPolicy::Open;
  const bool same = ingress.policy == IngressPolicy::SameBridge;
  for (const IpAddress& address : ingress.addresses) {
    if (ingress.is_admitted) add(admitted_set(address.family()), address);
    if (!guarded) continue;
    add(ingress_map(address.family()), address,
        {Verdict{.kind = Verdict::Kind::Jump,
                 .chain = same ? same_chain(ingress.link) : alone_chain(ingress.link)}});
  }
  // Where a container has an interface of the host for itself, no bridge tells it from others.
  if (guarded && !ingress.is_bridge) add(secluded_set(), ingress.link);
  return elements;
}

std::vector<IpAddress> addresses_in(const std::vector<Element>& elements) {
  std::vector<IpAddress> addresses;
  for (const Element& element : elements) {
    const auto* address = std::get_if<IpAddress>(&element.key.front());
    if (address && element.set == admitted_set(address->family()).name) {
      addresses.push_back(*address);
    }
  }
  return addresses;
}

}  // namespace

Result<IngressPolicy> parse_ingress_policy(std::string_view text) {
  if (text.empty() || text == "open") return IngressPolicy::Open;
  if (text == "same-bridge") return IngressPolicy::SameBridge;
  if (text == "isolated") return IngressPolicy::Isolated;
  return fail(Errc::InvalidArgument, "unknown ingress policy: \"{}\"", text);
}

Status guard_ingress(const Owner& owner, const Ingress& ingress) {
  const auto elements = elements_of(owner, ingress);
  if (elements.empty()) return ok();
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return editor.add({.elements = elements}).context("ingress policy");
}

Status remove_ingress(const Owner& owner) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  TRY(editor.remove(Purpose::Ingress, owner.tag()));
  return ok();
}

Status remove_stray_ingress(const std::string& network, const std::vector<cni::Attachment>& valid) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  TRY(editor.remove_strays(Purpose::Ingress, network, valid));
  return ok();
}

Result<std::vector<std::string>> missing_ingress(const Owner& owner, const Ingress& ingress) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return editor.missing(elements_of(owner, ingress));
}

Result<std::vector<IpAddress>> admitted_addresses(const Owner& owner) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  const auto elements = TRY(editor.owned(Purpose::Ingress, owner.tag()));
  return addresses_in(elements);
}

Result<std::vector<IpAddress>> stray_admitted_addresses(const std::string& network,
                                                        const std::vector<cni::Attachment>& valid) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  const auto elements = TRY(editor.strays(Purpose::Ingress, network, valid));
  return addresses_in(elements);
}

Result<bool> is_admitted_to_another(const Owner& owner, const IpAddress& address) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  const auto found = TRY(editor.find(admitted_set(address.family()), {address}));
  return found && found->comment != owner.tag();
}

}  // namespace netctl::attach

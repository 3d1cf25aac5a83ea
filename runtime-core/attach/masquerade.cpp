#include "runtime-core/attach/masquerade.hpp"

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/owned_table.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Verdict;

std::vector<Element> elements_of(const Owner& owner, const std::vector<IpPrefix>& addresses) {
  std::vector<Element> elements;
  for (const IpPrefix& address : addresses) {
    elements.push_back(
        {.set = masquerade_map(address.address.family()).name,
         .key = {address.address},
         .data = {Verdict{.kind = Verdict::Kind::Goto, .chain = masquerade_chain(address)}},
         .comment = owner.tag()});
  }
  return elements;
}

}  // namespace

Status masquerade(const Owner& owner, const std::vector<IpPrefix>& addresses, Rollback& undo) {
  if (addresses.empty()) return ok();
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  TRY(editor.add({.elements = elements_of(owner, addresses)}).context("masquerade"));
  undo.add("remove the masquerading", [owner] { return remove_masquerade(owner); });
  return ok();
}

Status remove_masquerade(const Owner& owner) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  TRY(editor.remove(Purpose::Masquerade, owner.tag()));
  return ok();
}

Status remove_stray_masquerade(const std::string& network,
                               const std::vector<cni::Attachment>& valid) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  TRY(editor.remove_strays(Purpose::Masquerade, network, valid));
  return ok();
}

Result<std::vector<std::string>> missing_masquerade(const Owner& owner,
                                                    const std::vector<IpPrefix>& addresses) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return editor.missing(elements_of(owner, addresses));
}

}  // namespace netctl::attach

#include "runtime-core/attach/spoof_guard.hpp"

#include "runtime-core/attach/firewall_table.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Field;
using nft::Type;

constexpr int kBeforeRouting = -300;
constexpr std::string_view kSpoofChain = "prerouting";

const nft::Set kGuarded{.name = "guarded", .key = {Type::IfName}};
const nft::Set kAllowed{.name = "allowed", .key = {Type::IfName, Type::EtherAddr}};

std::vector<Element> elements_of(const Owner& owner, const std::string& port,
                                 const MacAddress& mac) {
  return {{.set = kAllowed.name, .key = {port, mac}, .comment = owner.tag()},
          {.set = kGuarded.name, .key = {port}, .comment = owner.tag()}};
}

void add_spoof_guard(nft::Batch& batch) {
  const std::string chain(kSpoofChain);
  batch.add_table(nft::Add::Exclusive);
  batch.add(kGuarded).add(kAllowed);
  batch.add(nft::Chain{.name = chain,
                       .hook = nft::Hook{.type = nft::Hook::Type::Filter,
                                         .point = nft::Hook::Point::Prerouting,
                                         .priority = kBeforeRouting}});
  batch.add(nft::Rule{
      .chain = chain,
      .statements = {
          nft::MatchInSet{.key = {Field::InIfName}, .set = kGuarded.name},
          nft::MatchInSet{
              .key = {Field::InIfName, Field::EtherSource}, .set = kAllowed.name, .negated = true},
          nft::Verdict{.kind = nft::Verdict::Kind::Drop}}});
}

}  // namespace

const OwnedTable& spoof_table() {
  static const OwnedTable table{
      .table = {std::string(kTable), nft::TableFamily::Bridge},
      .sets = {{kGuarded, Purpose::SpoofGuard}, {kAllowed, Purpose::SpoofGuard}},
      .chains = {kSpoofChain},
      .add_fixed_part = add_spoof_guard,
      .rules_of = [](const std::string&) { return std::vector<nft::Rule>(); }};
  return table;
}

Status guard_mac(const Owner& owner, const std::string& port, const MacAddress& mac,
                 Rollback& undo) {
  TableEditor editor = TRY(TableEditor::open(spoof_table()));
  TRY(editor.add({.elements = elements_of(owner, port, mac)}).context("check MAC addresses"));
  undo.add("remove the check of the MAC address", [owner] { return remove_mac_guard(owner); });
  return ok();
}

Status remove_mac_guard(const Owner& owner) {
  TableEditor editor = TRY(TableEditor::open(spoof_table()));
  TRY(editor.remove(Purpose::SpoofGuard, owner.tag()));
  return ok();
}

Status remove_stray_mac_guards(const std::string& network,
                               const std::vector<cni::Attachment>& valid) {
  TableEditor editor = TRY(TableEditor::open(spoof_table()));
  TRY(editor.remove_strays(Purpose::SpoofGuard, network, valid));
  return ok();
}

Result<std::vector<std::string>> missing_mac_guard(const Owner& owner, const std::string& port,
                                                   const MacAddress& mac) {
  TableEditor editor = TRY(TableEditor::open(spoof_table()));
  return editor.missing(elements_of(owner, port, mac));
}

}  // namespace netctl::attach

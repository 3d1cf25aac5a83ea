#include "runtime-core/attach/spoof_guard.hpp"

#include <algorithm>
#include <array>

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/ruleset.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Field;
using nft::Type;

constexpr int kRaw = -300;
// How often the table may go while we come, which takes its last container each time.
constexpr int kMaxMissing = 20;

const nft::Table kSpoofTable(std::string(kTable), nft::TableFamily::Bridge);
const nft::Set kGuarded{.name = "guarded", .key = {Type::IfName}};
const nft::Set kAllowed{.name = "allowed", .key = {Type::IfName, Type::EtherAddr}};

std::array<Element, 2> elements_of(const Owner& owner, const std::string& port,
                                   const MacAddress& mac) {
  return {Element{.set = kAllowed.name, .key = {port, mac}, .comment = owner.tag()},
          Element{.set = kGuarded.name, .key = {port}, .comment = owner.tag()}};
}

}  // namespace

nft::Batch spoof_table() {
  const std::string chain = "prerouting";
  nft::Batch batch(kSpoofTable);
  batch.add_table(nft::Add::Exclusive);
  batch.add(kGuarded).add(kAllowed);
  batch.add(nft::Chain{.name = chain,
                       .hook = nft::Hook{.type = nft::Hook::Type::Filter,
                                         .point = nft::Hook::Point::Prerouting,
                                         .priority = kRaw}});
  batch.add(nft::Rule{
      .chain = chain,
      .statements = {
          nft::MatchInSet{.key = {Field::InIfName}, .set = kGuarded.name},
          nft::MatchInSet{
              .key = {Field::InIfName, Field::EtherSource}, .set = kAllowed.name, .negated = true},
          nft::Verdict{.kind = nft::Verdict::Kind::Drop}}});
  return batch;
}

Result<SpoofGuard> SpoofGuard::open() { return SpoofGuard(TRY(nft::Socket::open())); }

Status SpoofGuard::guard(const Owner& owner, const std::string& port, const MacAddress& mac) {
  bool found_missing = false;
  Status status = ok();
  for (int round = 0; round < kMaxMissing; ++round) {
    // The elements alone when the table is there, as it is for all but the first container.
    nft::Batch batch(kSpoofTable);
    if (found_missing && !TRY(socket_.has_table(kSpoofTable))) batch = spoof_table();
    for (const Element& element : elements_of(owner, port, mac)) {
      batch.add(element, nft::Add::Ensure);
    }
    status = socket_.apply(batch);
    if (status) return ok();
    const Errc code = status.error().code;
    // Exists: somebody else has made the table meanwhile.
    if (code != Errc::NotFound && code != Errc::Exists && code != Errc::TryAgain) break;
    found_missing = true;
  }
  return std::move(status).context("check MAC addresses");
}

Result<std::vector<Element>> SpoofGuard::all_elements() {
  std::vector<Element> all;
  for (const nft::Set& set : {kGuarded, kAllowed}) {
    auto elements = socket_.elements(kSpoofTable, set);
    if (!elements && elements.error().code == Errc::NotFound) continue;
    for (Element& element : TRY(std::move(elements))) all.push_back(std::move(element));
  }
  return all;
}

Status SpoofGuard::remove(const std::function<bool(const std::string&)>& wanted) {
  return change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    const std::vector<Element> all = TRY(all_elements());
    nft::Batch batch(kSpoofTable);
    for (const Element& element : all) {
      if (wanted(element.comment)) batch.remove(element);
    }
    const bool last = !all.empty() && batch.changes().size() == all.size();
    return last ? nft::Batch(kSpoofTable).delete_table() : batch;
  });
}

Status SpoofGuard::remove(const Owner& owner) {
  return remove([tag = owner.tag()](const std::string& comment) { return comment == tag; });
}

Status SpoofGuard::remove_strays(const std::string& network,
                                 const std::vector<cni::Attachment>& valid) {
  const auto kept = tags_of(network, valid);
  return remove([&, prefix = network_tag(network)](const std::string& comment) {
    return comment.starts_with(prefix) && !std::ranges::binary_search(kept, comment);
  });
}

Result<std::vector<std::string>> SpoofGuard::missing(const Owner& owner, const std::string& port,
                                                     const MacAddress& mac) {
  std::vector<std::string> lines;
  for (const Element& element : elements_of(owner, port, mac)) {
    const nft::Set& set = element.set == kGuarded.name ? kGuarded : kAllowed;
    auto found = socket_.find_element(kSpoofTable, set, element.key);
    if (!found && found.error().code != Errc::NotFound) return std::move(found).error();
    if (found && *found) continue;
    lines.push_back(format("{} {{ {} }} of table bridge {} is missing", element.set,
                           nft::to_text(element.key), kTable));
  }
  return lines;
}

}  // namespace netctl::attach

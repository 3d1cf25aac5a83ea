#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/attach/ruleset.hpp"

// How elements leave a table, and the table with the last of them.
namespace netctl::attach {
namespace {

using nft::Element;

// The tags of the network's attachments but those of the valid ones.
std::function<bool(const std::string&)> stray_tags(const std::string& network,
                                                   const std::vector<cni::Attachment>& valid) {
  return [kept = tags_of(network, valid), prefix = network_tag(network)](const std::string& tag) {
    return tag.starts_with(prefix) && !std::ranges::binary_search(kept, tag);
  };
}

}  // namespace

// The transaction that leaves only `rest` of `rest` and `gone`.
nft::Batch TableEditor::removal(const std::vector<Element>& gone,
                                const std::vector<Element>& rest) {
  nft::Batch batch(table_->table);
  std::set<std::string> unused;
  for (const Element& element : gone) {
    batch.remove(element);
    unused.insert(chain_of(element));
  }
  for (const Element& element : rest) unused.erase(chain_of(element));
  for (const std::string_view fixed : table_->chains) unused.erase(std::string(fixed));
  unused.erase("");
  for (const std::string& chain : unused) batch.remove(nft::Chain{.name = chain});
  return batch;
}

TableEditor::Removed TableEditor::remove_listed(Purpose purpose, const Tags& wanted) {
  std::vector<Element> gone;
  const Status removed = change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    std::vector<Element> rest = TRY(all_elements());
    const auto first_gone = std::stable_partition(rest.begin(), rest.end(), [&](const Element& e) {
      return set_of(e).purpose != purpose || !wanted(e.comment);
    });
    gone.assign(first_gone, rest.end());
    rest.erase(first_gone, rest.end());
    if (!gone.empty() && rest.empty() && TRY(may_go())) {
      return std::move(nft::Batch(table_->table).delete_table());
    }
    return removal(gone, rest);
  });
  TRY(removed);
  return gone;
}

// The chains that only `gone` lead to. The kernel counts for each its rules and what leads to it.
Status TableEditor::remove_unused_chains(nft::Batch& batch, const std::vector<Element>& gone) {
  std::map<std::string, std::size_t> leaving;
  for (const Element& element : gone) ++leaving[chain_of(element)];
  leaving.erase("");
  for (const std::string_view fixed : table_->chains) leaving.erase(std::string(fixed));
  for (const auto& [chain, count] : leaving) {
    const auto use = TRY(socket_.chain_use(table_->table, chain));
    if (use == count + table_->rules_of(chain).size()) batch.remove(nft::Chain{.name = chain});
  }
  return ok();
}

// Without a look at anybody else's elements, unless they are the last, so that the table goes.
TableEditor::Removed TableEditor::remove_recorded(const std::vector<Element>& elements, bool last) {
  std::vector<Element> gone;
  const Status removed = change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    gone = TRY(still_there(elements));
    // Since the record was written, another may have got the key.
    std::erase_if(gone, [&](const Element& e) { return e.comment != elements.front().comment; });
    if (last && TRY(socket_.has_table(table_->table))) {
      std::vector<Element> rest = TRY(all_elements());
      std::erase_if(rest,
                    [&](const Element& e) { return std::ranges::find(gone, e) != gone.end(); });
      if (rest.empty() && TRY(may_go())) {
        return std::move(nft::Batch(table_->table).delete_table());
      }
    }
    nft::Batch batch(table_->table);
    for (const Element& element : gone) batch.remove(element);
    TRY(remove_unused_chains(batch, gone));
    return batch;
  });
  TRY(removed);
  return gone;
}

Status TableEditor::remove_empty_table() {
  return change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    nft::Batch batch(table_->table);
    if (!TRY(socket_.has_table(table_->table)) || !TRY(may_go())) return batch;
    if (TRY(all_elements()).empty()) batch.delete_table();
    return batch;
  });
}

Status TableEditor::remove_all(Purpose purpose, const std::string& tag) {
  TRY(remove(purpose, tag));
  return ok();
}

TableEditor::Removed TableEditor::remove(Purpose purpose, const std::string& tag) {
  if (!TRY(records_.are_kept())) {
    return remove_listed(purpose, [&](const std::string& comment) { return comment == tag; });
  }
  const std::string name = FirewallRecords::name_of(to_text(purpose), tag);
  const auto elements = TRY(records_.find(name));
  if (!elements) return std::vector<Element>();
  TRY(records_.leave(name));
  const bool last = TRY(records_.is_last(name));
  auto gone = TRY(remove_recorded(*elements, last));
  TRY(records_.forget(name));
  // Of several that leave at once each may have seen another's elements; the last of them does not.
  if (TRY(records_.is_last(name))) {
    TRY(remove_empty_table());
    records_.tidy();
  }
  return gone;
}

Result<std::vector<Element>> TableEditor::tagged(Purpose purpose, const Tags& wanted) {
  std::vector<Element> found = TRY(all_elements());
  std::ranges::move(TRY(records_.all()), std::back_inserter(found));
  std::ranges::move(TRY(records_.leaving()), std::back_inserter(found));
  std::erase_if(found, [&](const Element& element) {
    return set_of(element).purpose != purpose || !wanted(element.comment);
  });
  return found;
}

Result<std::vector<Element>> TableEditor::owned(Purpose purpose, const std::string& tag) {
  if (TRY(records_.are_kept())) {
    auto found = TRY(records_.find(FirewallRecords::name_of(to_text(purpose), tag)));
    return found.value_or(std::vector<Element>());
  }
  return tagged(purpose, [&](const std::string& comment) { return comment == tag; });
}

Result<std::vector<Element>> TableEditor::strays(Purpose purpose, const std::string& network,
                                                 const std::vector<cni::Attachment>& valid) {
  return tagged(purpose, stray_tags(network, valid));
}

TableEditor::Removed TableEditor::remove_strays(Purpose purpose, const std::string& network,
                                                const std::vector<cni::Attachment>& valid) {
  const Tags is_stray = stray_tags(network, valid);
  // First those that were killed before their elements came, or after they went.
  std::vector<Element> recorded = TRY(records_.all());
  std::ranges::move(TRY(records_.leaving()), std::back_inserter(recorded));
  std::set<std::string> names;
  for (const Element& element : recorded) {
    if (set_of(element).purpose == purpose && is_stray(element.comment)) {
      names.insert(FirewallRecords::name_of(to_text(purpose), element.comment));
    }
  }
  for (const std::string& name : names) TRY(records_.leave(name));
  auto gone = TRY(remove_listed(purpose, is_stray));
  for (const std::string& name : names) TRY(records_.forget(name));
  records_.tidy();
  return gone;
}

}  // namespace netctl::attach

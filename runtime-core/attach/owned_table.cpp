#include "runtime-core/attach/owned_table.hpp"

#include <algorithm>
#include <set>

#include "runtime-core/attach/ruleset.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Verdict;

// How often in a row a table or chain may be missing that goes while we come, which takes an empty
// network each time.
constexpr int kMaxMissing = 20;

// The chain that an element leads to; empty when to none.
std::string chain_of(const Element& element) {
  const auto* verdict = element.data.empty() ? nullptr : std::get_if<Verdict>(&element.data[0]);
  return verdict ? verdict->chain : std::string();
}

}  // namespace

std::string_view to_text(Purpose purpose) {
  switch (purpose) {
    case Purpose::Masquerade:
      return "masquerade";
    case Purpose::Publish:
      return "publish";
    case Purpose::SpoofGuard:
      return "spoof-guard";
    case Purpose::Policy:
      return "policy";
  }
  return "?";
}

// What the next try at an addition does differently.
struct TableEditor::Attempt {
  bool with_chains = false;
  std::set<std::size_t> replaced{};  // indices of elements that are removed before they are added
  int found_missing = 0;             // how often something was not there
};

Result<TableEditor> TableEditor::open(const OwnedTable& table) {
  return TableEditor(table, TRY(nft::Socket::open()));
}

const OwnedSet& TableEditor::set_of(const Element& element) const {
  return *std::ranges::find(table_->sets, element.set,
                            [](const OwnedSet& owned) { return owned.set.name; });
}

// The elements alone when all they need is there, as it is for all but a network's first container;
// otherwise what is missing is made in the same transaction.
Result<nft::Batch> TableEditor::transaction(const Addition& addition, const Attempt& attempt) {
  nft::Batch batch(table_->table);
  for (const std::size_t index : attempt.replaced) batch.remove(addition.elements[index]);
  if (attempt.with_chains) {
    if (!TRY(socket_.has_table(table_->table))) table_->add_fixed_part(batch);
    const auto existing = TRY(socket_.chains(table_->table));
    std::set<std::string> there(existing.begin(), existing.end());
    for (const Element& element : addition.elements) {
      const std::string chain = chain_of(element);
      if (chain.empty() || std::ranges::find(table_->chains, chain) != table_->chains.end() ||
          !there.insert(chain).second) {
        continue;
      }
      batch.add(nft::Chain{.name = chain}, nft::Add::Exclusive);
      for (nft::Rule& rule : table_->rules_of(chain)) batch.add(std::move(rule));
    }
  }
  for (const Element& element : addition.elements) batch.add(element, nft::Add::Exclusive);
  return batch;
}

// What to do about a refused transaction: nothing means try again, as `attempt` says now.
std::optional<Error> TableEditor::adapt(Attempt& attempt, const Addition& addition,
                                        const nft::Refusal& refusal, const nft::Batch& batch) {
  switch (refusal.error.code) {
    case Errc::TryAgain:
      return std::nullopt;
    case Errc::NotFound:  // the table, a chain, or what was to be replaced is not there (any more)
      attempt.with_chains = true;
      attempt.replaced.clear();
      if (++attempt.found_missing > kMaxMissing) return refusal.error;
      return std::nullopt;
    case Errc::Exists:
      break;
    default:
      return refusal.error;
  }
  if (!refusal.change) return refusal.error;
  const auto* element = std::get_if<Element>(&batch.changes()[*refusal.change].object);
  if (!element) return std::nullopt;  // somebody made the table or the chain at the same moment
  if (set_of(*element).is_claim) {
    const auto holder = find(set_of(*element).set, element->key);
    return addition.taken(*element, holder && *holder ? (*holder)->comment : "");
  }
  const auto index = static_cast<std::size_t>(std::ranges::find(addition.elements, *element) -
                                              addition.elements.begin());
  if (!attempt.replaced.insert(index).second) return refusal.error;
  return std::nullopt;
}

Status TableEditor::add(const Addition& addition) {
  Attempt attempt;
  for (int round = 0; round < kMaxRounds; ++round) {
    std::optional<std::uint32_t> generation;
    if (addition.vet) {
      generation = TRY(socket_.generation());
      TRY(addition.vet());
    }
    const nft::Batch batch = TRY(transaction(addition, attempt));
    const auto refusal = TRY(socket_.try_apply(batch, generation));
    if (!refusal) return ok();
    if (auto error = adapt(attempt, addition, *refusal, batch)) return std::move(*error);
  }
  return fail(Errc::TryAgain, "the nftables ruleset changes without pause: try again");
}

Result<std::optional<Element>> TableEditor::find(const nft::Set& set,
                                                 const std::vector<nft::Datum>& key) {
  auto found = socket_.find_element(table_->table, set, key);
  if (!found && found.error().code == Errc::NotFound) return std::optional<Element>{};
  return found;
}

Result<std::vector<Element>> TableEditor::elements(const nft::Set& set) {
  auto found = socket_.elements(table_->table, set);
  if (!found && found.error().code == Errc::NotFound) return std::vector<Element>{};
  return found;
}

Result<std::vector<Element>> TableEditor::all_elements() {
  std::vector<Element> all;
  for (const OwnedSet& owned : table_->sets) {
    std::vector<Element> more = TRY(elements(owned.set));
    std::ranges::move(more, std::back_inserter(all));
  }
  return all;
}

// The transaction that leaves only `rest` of `rest` and `gone`.
nft::Batch TableEditor::removal(const std::vector<Element>& gone,
                                const std::vector<Element>& rest) {
  nft::Batch batch(table_->table);
  if (gone.empty()) return batch;
  if (rest.empty()) return std::move(batch.delete_table());
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

Status TableEditor::remove(Purpose purpose, const std::function<bool(const std::string&)>& wanted) {
  return change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    std::vector<Element> rest = TRY(all_elements());
    const auto first_gone = std::stable_partition(rest.begin(), rest.end(), [&](const Element& e) {
      return set_of(e).purpose != purpose || !wanted(e.comment);
    });
    const std::vector<Element> gone(first_gone, rest.end());
    rest.erase(first_gone, rest.end());
    return removal(gone, rest);
  });
}

Status TableEditor::remove(Purpose purpose, const Owner& owner) {
  return remove(purpose,
                [tag = owner.tag()](const std::string& comment) { return comment == tag; });
}

Status TableEditor::remove_strays(Purpose purpose, const std::string& network,
                                  const std::vector<cni::Attachment>& valid) {
  const auto kept = tags_of(network, valid);
  return remove(purpose, [&, prefix = network_tag(network)](const std::string& comment) {
    return comment.starts_with(prefix) && !std::ranges::binary_search(kept, comment);
  });
}

Result<std::vector<std::string>> TableEditor::missing(const std::vector<Element>& expected) {
  std::vector<std::string> lines;
  for (const Element& element : expected) {
    const auto found = TRY(find(set_of(element).set, element.key));
    if (found == element) continue;
    std::string what = "is missing";
    if (found) what = "belongs to " + found->comment;
    if (found && !found->data.empty()) what += " and leads to " + nft::to_text(found->data);
    lines.push_back(format("{} {{ {} }} {}", element.set, nft::to_text(element.key), what));
  }
  return lines;
}

// Its parts are asked for one by one, so the table may come or go in between; what was decided on
// then is not told.
Status TableEditor::check_table() {
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::uint32_t generation = TRY(socket_.generation());
    const Status whole = check_parts();
    if (whole || TRY(socket_.generation()) == generation) return whole;
  }
  return fail(Errc::TryAgain, "the nftables ruleset changes without pause: try again");
}

Status TableEditor::check_parts() {
  const nft::Table& table = table_->table;
  if (!TRY(socket_.has_table(table))) return ok();
  std::string lost;
  const auto note = [&](std::string_view kind, std::string_view name) {
    lost += format("{}{} {}", lost.empty() ? "" : ", ", kind, name);
  };
  const auto chains = TRY(socket_.chains(table));
  for (const std::string_view chain : table_->chains) {
    if (std::ranges::find(chains, chain) == chains.end()) note("chain", chain);
  }
  for (const OwnedSet& owned : table_->sets) {
    const auto elements = socket_.elements(table, owned.set);
    if (elements) continue;
    if (elements.error().code != Errc::NotFound) return elements.error();
    note(owned.set.data.empty() ? "set" : "map", owned.set.name);
  }
  if (lost.empty()) return ok();
  const std::string name = nft::to_text(table);
  return fail(Errc::NotFound,
              "table {} has lost {}: delete it (nft delete table {}) and attach its containers "
              "again",
              name, lost, name);
}

}  // namespace netctl::attach

#include "runtime-core/attach/owned_table.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "runtime-core/attach/ruleset.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/nft/overview.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Verdict;

// How often in a row a table or chain may be missing that goes while we come, which takes an empty
// network each time.
constexpr int kMaxMissing = 20;

// How many rules each chain of a table that is whole has at least.
std::map<std::string, std::size_t> expected_rules(const OwnedTable& table,
                                                  const std::vector<std::string>& chains) {
  nft::Batch fixed(table.table);
  table.add_fixed_part(fixed);
  std::map<std::string, std::size_t> counts;
  for (const nft::Change& change : fixed.changes()) {
    if (const auto* rule = std::get_if<nft::Rule>(&change.object)) ++counts[rule->chain];
  }
  for (const std::string& chain : chains) counts.emplace(chain, table.rules_of(chain).size());
  return counts;
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
    case Purpose::Ingress:
      return "ingress";
    case Purpose::Flow:
      return "flow";
  }
  return "?";
}

std::string TableEditor::chain_of(const Element& element) {
  const auto* verdict = element.data.empty() ? nullptr : std::get_if<Verdict>(&element.data[0]);
  return verdict ? verdict->chain : std::string();
}

// What the next try at an addition does differently.
struct TableEditor::Attempt {
  bool with_chains = false;
  std::set<std::size_t> replaced{};  // indices of elements that are removed before they are added
  std::set<std::size_t> there{};     // indices of those that somebody else has put back already
  int found_missing = 0;             // how often something was not there
};

const OwnedSet* OwnedTable::find_set(std::string_view name) const {
  for (const OwnedSet& owned : sets) {
    if (owned.set.name == name) return &owned;
  }
  return nullptr;
}

Result<TableEditor> TableEditor::open(const OwnedTable& table) {
  nft::Socket socket = TRY(nft::Socket::open());
  FirewallRecords records = TRY(FirewallRecords::open(table, socket.fd()));
  return TableEditor(table, std::move(records), std::move(socket));
}

const OwnedSet& TableEditor::set_of(const Element& element) const {
  return *table_->find_set(element.set);
}

std::string TableEditor::record_of(const Element& element) const {
  return FirewallRecords::name_of(to_text(set_of(element).purpose), element.comment);
}

Result<bool> TableEditor::may_hold(const OwnedTable& table, Purpose purpose, const std::string& tag,
                                   std::optional<int> socket) {
  const FirewallRecords records = TRY(FirewallRecords::open(table, socket));
  const auto known = TRY(records.find(FirewallRecords::name_of(to_text(purpose), tag)));
  return known || !TRY(records.are_kept());
}

// The table, if there is none, with all else that is on record, and the chains that these lead to.
Status TableEditor::add_missing_parts(nft::Batch& batch, const std::vector<Element>& elements) {
  std::vector<Element> restored;
  if (!TRY(is_made())) {
    table_->add_fixed_part(batch);
    restored = TRY(missing_records(elements));
    put_back_ = restored;
  }
  const auto existing = TRY(socket_.chains(table_->table));
  std::set<std::string> there(existing.begin(), existing.end());
  add_chains(batch, elements, there);
  add_chains(batch, restored, there);
  for (Element& element : restored) batch.add(std::move(element), nft::Add::Exclusive);
  return ok();
}

// Those that these lead to and that are not there.
void TableEditor::add_chains(nft::Batch& batch, const std::vector<Element>& elements,
                             std::set<std::string>& there) {
  there.insert(table_->chains.begin(), table_->chains.end());
  there.insert("");
  for (const Element& element : elements) {
    const std::string chain = chain_of(element);
    if (!there.insert(chain).second) continue;
    batch.add(nft::Chain{.name = chain}, nft::Add::Exclusive);
    for (nft::Rule& rule : table_->rules_of(chain)) batch.add(std::move(rule));
  }
}

// What is on record and not among these. Two that have one key cannot both be in the kernel: one is
// of an attachment that failed or was killed before its turn came.
Result<std::vector<Element>> TableEditor::missing_records(const std::vector<Element>& there) {
  std::set<std::pair<std::string, std::vector<nft::Datum>>> keys;
  for (const Element& element : there) keys.emplace(element.set, element.key);
  std::vector<Element> missing;
  for (Element& element : TRY(records_.all())) {
    if (keys.emplace(element.set, element.key).second) missing.push_back(std::move(element));
  }
  return missing;
}

// The elements alone when all they need is there, as it is for all but a network's first container;
// otherwise what is missing is made in the same transaction.
Result<nft::Batch> TableEditor::transaction(const Addition& addition, const Attempt& attempt) {
  nft::Batch batch(table_->table);
  for (const std::size_t index : attempt.replaced) batch.remove(addition.elements[index]);
  if (attempt.with_chains) TRY(add_missing_parts(batch, addition.elements));
  for (std::size_t i = 0; i < addition.elements.size(); ++i) {
    if (!attempt.there.contains(i)) batch.add(addition.elements[i], nft::Add::Exclusive);
  }
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
      attempt.there.clear();
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
  const auto index = static_cast<std::size_t>(std::ranges::find(addition.elements, *element) -
                                              addition.elements.begin());
  if (index == addition.elements.size()) return std::nullopt;  // one on record came back meanwhile
  const auto holder = find(*element);
  if (!holder) return holder.error();
  if (*holder == *element) {  // by a restore() that went on while we came
    attempt.there.insert(index);
    return std::nullopt;
  }
  if (set_of(*element).is_claim) {
    return addition.taken(*element, *holder ? (*holder)->comment : "");
  }
  if (!attempt.replaced.insert(index).second) return refusal.error;
  return std::nullopt;
}

// Writes a record. The first one in a table that has elements is written after theirs: somebody
// emptied the directory, and from now on who has no record counts as one who has no elements.
Status TableEditor::remember(const std::string& record, const std::vector<Element>& elements) {
  if (!TRY(records_.are_kept()) && TRY(socket_.has_table(table_->table))) {
    std::map<std::string, std::vector<Element>> found;
    for (const Element& element : TRY(all_elements())) found[record_of(element)].push_back(element);
    for (const auto& [other, theirs] : found) TRY(records_.save(other, theirs));
  }
  return records_.save(record, elements);
}

Status TableEditor::add(const Addition& addition) {
  if (addition.elements.empty()) return ok();
  const Element& first = addition.elements.front();
  const std::string record = record_of(first);
  const auto before = TRY(records_.find(record));
  std::vector<Element> all = before.value_or(std::vector<Element>());
  for (const Element& element : addition.elements) {
    if (std::ranges::find(all, element) == all.end()) all.push_back(element);
  }
  TRY(remember(record, all));
  Status inserted = insert(addition);
  if (inserted) inserted = agree_with_record(record, all);
  if (inserted) return ok();
  const Status undone =
      before ? records_.save(record, *before) : remove_all(set_of(first).purpose, first.comment);
  if (!undone) log::warn("{}", undone.error().message);
  return inserted;
}

// Whether these need nothing that is not there.
Result<bool> TableEditor::is_ready_for(const std::vector<Element>& elements) {
  std::set<std::string> chains;
  for (const Element& element : elements) chains.insert(chain_of(element));
  chains.erase("");
  if (chains.empty()) return socket_.has_table(table_->table);
  for (const std::string& chain : chains) {
    if (!TRY(socket_.chain_use(table_->table, chain))) return false;
  }
  return true;
}

// Looks before it adds: a transaction that is refused is taken back, and for that the kernel waits
// a grace period of RCU (__nf_tables_abort(), net/netfilter/nf_tables_api.c), 10 ms and more.
Status TableEditor::insert(const Addition& addition) {
  Attempt attempt{.with_chains = !TRY(is_ready_for(addition.elements))};
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

Status TableEditor::settle(Purpose purpose, const std::string& tag,
                           const std::vector<Element>& wanted,
                           const std::vector<Element>& unwanted) {
  if (wanted.empty()) return remove_all(purpose, tag);
  const std::string record = FirewallRecords::name_of(to_text(purpose), tag);
  const auto known = TRY(records_.find(record));
  if (known != wanted) TRY(remember(record, wanted));
  const Status settled = change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    std::vector<Element> gone = TRY(still_there(unwanted));
    std::vector<Element> missing;
    for (const Element& element : wanted) {
      auto present = TRY(find(element));
      if (present == element) continue;
      if (present) gone.push_back(*std::move(present));
      missing.push_back(element);
    }
    nft::Batch batch(table_->table);
    if (!missing.empty()) TRY(add_missing_parts(batch, missing));
    for (const Element& element : gone) batch.remove(element);
    for (const Element& element : missing) batch.add(element, nft::Add::Exclusive);
    return batch;
  });
  TRY(settled);
  return agree_with_record(record, wanted);
}

// Those of these keys that are in the kernel, as they are there.
Result<std::vector<Element>> TableEditor::still_there(const std::vector<Element>& elements) {
  std::vector<Element> there;
  for (const Element& element : elements) {
    if (auto present = TRY(find(element))) there.push_back(*std::move(present));
  }
  return there;
}

Result<std::optional<Element>> TableEditor::find(const Element& element) {
  return find(set_of(element).set, element.key);
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

Result<std::size_t> TableEditor::restore() {
  std::size_t count = 0;
  const Status restored = change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    nft::Batch batch(table_->table);
    const Status parts = check_parts();
    if (!parts && parts.error().code != Errc::NotFound) return parts.error();
    const bool is_whole = parts.has_value();
    std::vector<Element> there;
    if (is_whole) there = TRY(all_elements());
    std::vector<Element> missing = TRY(missing_records(there));
    put_back_ = missing;
    count = missing.size();
    if (!is_whole) {
      // Its parts hang together: it goes as a whole, and that is not ours to decide then.
      if (!TRY(may_go())) return check_parts().error();
      batch.delete_table();
    }
    if (missing.empty()) return batch;
    if (is_whole) {
      TRY(add_missing_parts(batch, missing));
    } else {
      table_->add_fixed_part(batch);
      std::set<std::string> none;
      add_chains(batch, missing, none);
    }
    for (Element& element : missing) batch.add(std::move(element), nft::Add::Exclusive);
    return batch;
  });
  TRY(restored);
  TRY(remove_unrecorded());
  return count;
}

// After elements came: a DEL or GC may have taken their record meanwhile, and saw none of them yet.
// That one is there again, so the next DEL finds what there is.
Status TableEditor::agree_with_record(const std::string& record,
                                      const std::vector<Element>& elements) {
  if (!TRY(records_.stays(record))) TRY(records_.save(record, elements));
  return remove_unrecorded();
}

// Of the elements that were put back: those that a DEL had taken from the record since it was read,
// and did not see in the kernel.
Status TableEditor::remove_unrecorded() {
  ErrorList errors;
  bool any = false;
  for (const Element& element : std::exchange(put_back_, {})) {
    const auto stays = records_.stays(record_of(element));
    if (!stays) errors.add(stays.error());
    if (!stays || *stays) continue;
    if (const auto removed = remove_recorded({element}, false); !removed) {
      errors.add(removed.error());
    }
    any = true;
  }
  if (any) errors.keep(remove_empty_table());
  return errors.status();
}

Result<std::vector<std::string>> TableEditor::missing(const std::vector<Element>& expected) {
  std::vector<std::string> lines;
  for (const Element& element : expected) {
    const auto found = TRY(find(element));
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
    Status whole = check_parts();
    if (whole || TRY(socket_.generation()) == generation) return whole;
  }
  return fail(Errc::TryAgain, "the nftables ruleset changes without pause: try again");
}

Result<bool> TableEditor::is_made() {
  if (table_->users_chain.empty()) return socket_.has_table(table_->table);
  const auto chains = TRY(socket_.chains(table_->table));
  if (chains.empty()) return socket_.has_table(table_->table);
  return std::ranges::any_of(
      chains, [&](const std::string& chain) { return chain != table_->users_chain; });
}

// A rule of ours leads to the chain.
Result<bool> TableEditor::may_go() {
  if (table_->users_chain.empty()) return true;
  const auto use = TRY(socket_.chain_use(table_->table, std::string(table_->users_chain)));
  return use.value_or(0) <= 1;
}

Status TableEditor::check_parts() {
  const nft::Table& table = table_->table;
  if (!TRY(is_made())) return ok();
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
  auto missing_rules = expected_rules(*table_, chains);
  for (const nft::RulePlace& rule : TRY(nft::list_rules(table))) {
    auto& count = missing_rules[rule.chain];
    if (count > 0) --count;
  }
  for (const auto& [chain, count] : missing_rules) {
    const bool is_there = std::ranges::find(chains, chain) != chains.end();
    if (is_there && count > 0) note("rules of chain", chain);
  }
  if (lost.empty()) return ok();
  return fail(Errc::NotFound,
              "table {} has lost {}: netctl reload makes it anew, with all that is on record",
              nft::to_text(table), lost);
}

}  // namespace netctl::attach

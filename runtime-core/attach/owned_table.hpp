#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/attach/firewall_record.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/batch.hpp"
#include "runtime-core/nft/socket.hpp"

// Tables of ours in nf_tables: their chains are fixed and containers are elements of their maps and
// sets, so that a packet's way through them does not grow with the number of containers, and
// neither does the cost of a change. Every element's comment is the tag of its owner. A table comes
// with its first element and goes with its last; every change is one transaction. What is in a
// table is on record (firewall_record.hpp), so a table that somebody has flushed comes back whole
// with the next element, or by restore().
namespace netctl::attach {

// What an element is there for. Each set and map has one purpose, so one part of an attachment (a
// plugin) can be taken out of the table and leave the others in.
enum class Purpose { Masquerade, Publish, SpoofGuard, Policy, Ingress, Flow };
std::string_view to_text(Purpose purpose);  // "masquerade", "spoof-guard"

// A set or map of such a table.
struct OwnedSet {
  nft::Set set{};
  Purpose purpose = Purpose::Masquerade;
  // What an element that has the key already means. A claim is somebody's, and refused to others; a
  // container's own address or interface is nobody else's, so that element was left behind by a
  // former holder, and gives way.
  bool is_claim = false;
};

// A table without its elements.
struct OwnedTable {
  nft::Table table;
  std::vector<OwnedSet> sets{};
  std::vector<std::string_view> chains{};  // those that are always there
  // The one of them whose rules are the user's, if any; one rule of ours leads to it. It may be
  // there before all else, and while it has rules the table stays.
  std::string_view users_chain{};
  // Adds the table with all that is always in it; Exists if somebody else was faster.
  void (*add_fixed_part)(nft::Batch&) = nullptr;
  // The rules of a chain that is made for the elements that lead to it. Its name says all that is
  // in it, so one that exists is right; nothing for a fixed one.
  std::vector<nft::Rule> (*rules_of)(const std::string& chain) = nullptr;

  // nullptr when the table has no set of that name.
  const OwnedSet* find_set(std::string_view name) const;
};

class TableEditor {
 public:
  // `table` is lent.
  static Result<TableEditor> open(const OwnedTable& table);
  // Whether elements of that purpose and tag can be in the table; the kernel is not asked.
  static Result<bool> may_hold(const OwnedTable& table, Purpose purpose, const std::string& tag,
                               std::optional<int> socket = {});

  // Adds the elements, which are all of one owner and purpose, with the table and the chains that
  // they need; all or none. `vet` is asked before each try for what speaks against it that no key
  // tells; what it saw still holds when the change is made. `taken` words the error for a claim
  // that another element has.
  struct Addition {
    std::vector<nft::Element> elements{};
    std::function<Status()> vet{};
    std::function<Error(const nft::Element& wanted, const std::string& holder)> taken{};
  };
  Status add(const Addition& addition);

  // Of that purpose and tag the first are there afterwards, with the table and the chains that they
  // need, whoever had their keys; the second are not.
  Status settle(Purpose purpose, const std::string& tag, const std::vector<nft::Element>& wanted,
                const std::vector<nft::Element>& unwanted);

  // Removes all elements of that purpose and tag, and gives them; the chains that nobody leads to
  // any more and, with the last element, the table go too. Nothing there is success.
  using Removed = Result<std::vector<nft::Element>>;
  Removed remove(Purpose purpose, const std::string& tag);
  // Those that remove() would remove.
  Result<std::vector<nft::Element>> owned(Purpose purpose, const std::string& tag);
  // For GC: everything of the network but what belongs to a valid attachment.
  Removed remove_strays(Purpose purpose, const std::string& network,
                        const std::vector<cni::Attachment>& valid);
  // Those that remove_strays() would remove.
  Result<std::vector<nft::Element>> strays(Purpose purpose, const std::string& network,
                                           const std::vector<cni::Attachment>& valid);

  // Puts back what is on record and missing, in one transaction; a table that lost a part is made
  // anew. Tells how many elements that were.
  Result<std::size_t> restore();

  // Which of these are missing or different, a line each.
  Result<std::vector<std::string>> missing(const std::vector<nft::Element>& expected);

  // The element with that key; nothing also when there is no table.
  Result<std::optional<nft::Element>> find(const nft::Element& element);
  Result<std::optional<nft::Element>> find(const nft::Set& set, const std::vector<nft::Datum>& key);
  // All elements of a set, none when there is no table.
  Result<std::vector<nft::Element>> elements(const nft::Set& set);

  // Whether the table can be read and is whole, where there is one: an element in a table that lost
  // a part does nothing, and none can be added.
  Status check_table();

 private:
  TableEditor(const OwnedTable& table, FirewallRecords records, nft::Socket socket)
      : table_(&table), records_(std::move(records)), socket_(std::move(socket)) {}

  struct Attempt;
  Status remember(const std::string& record, const std::vector<nft::Element>& elements);
  using Tags = std::function<bool(const std::string& tag)>;
  Status insert(const Addition& addition);
  Result<bool> is_ready_for(const std::vector<nft::Element>& elements);
  const OwnedSet& set_of(const nft::Element& element) const;
  std::string record_of(const nft::Element& element) const;
  // The chain that an element leads to; empty when to none.
  static std::string chain_of(const nft::Element& element);
  void add_chains(nft::Batch& batch, const std::vector<nft::Element>& elements,
                  std::set<std::string>& there);
  Status add_missing_parts(nft::Batch& batch, const std::vector<nft::Element>& elements);
  Result<nft::Batch> transaction(const Addition& addition, const Attempt& attempt);
  std::optional<Error> adapt(Attempt& attempt, const Addition& addition,
                             const nft::Refusal& refusal, const nft::Batch& batch);
  Status remove_all(Purpose purpose, const std::string& tag);
  Removed remove_listed(Purpose purpose, const Tags& wanted);
  Removed remove_recorded(const std::vector<nft::Element>& elements, bool last);
  Status remove_empty_table();
  Status agree_with_record(const std::string& record, const std::vector<nft::Element>& elements);
  Status remove_unrecorded();
  Result<std::vector<nft::Element>> still_there(const std::vector<nft::Element>& elements);
  Result<std::vector<nft::Element>> missing_records(const std::vector<nft::Element>& there);
  Status remove_unused_chains(nft::Batch& batch, const std::vector<nft::Element>& gone);
  nft::Batch removal(const std::vector<nft::Element>& gone, const std::vector<nft::Element>& rest);
  Result<std::vector<nft::Element>> all_elements();
  // Of that purpose and these tags, in the kernel or on record.
  Result<std::vector<nft::Element>> tagged(Purpose purpose, const Tags& wanted);
  // Whether there is more of the table than the user's chain.
  Result<bool> is_made();
  // Whether the table may go: the user has no rules in it.
  Result<bool> may_go();
  Status check_parts();

  const OwnedTable* table_;
  FirewallRecords records_;
  std::vector<nft::Element> put_back_{};  // what the record had and the table had not
  nft::Socket socket_;
};

}  // namespace netctl::attach

#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime-core/nft/filter_rule.hpp"
#include "runtime-core/nft/types.hpp"

namespace netctl::nft {

// How an object is added.
enum class Add {
  Ensure,     // nft's "add": there afterwards; an equal one may be there already, with whatever
              // comment it has (an element of that key with other data: Exists)
  Exclusive,  // nft's "create": refused with Exists when one of that name or key is there at all
};

// One change to the ruleset.
struct Change {
  enum class Verb { Add, Delete };
  Verb verb = Verb::Add;
  Add mode = Add::Ensure;
  bool first = false;  // of a rule: before all others of its chain, not behind them
  Table table;
  std::variant<Table, Chain, Rule, Set, Element, FlowTable, FilterRule> object;
};

// Changes that are made together or not at all, in this order. A rule is always appended; deleting
// a table takes all it contains along; deleting what is not there fails the whole (NotFound).
class Batch {
 public:
  explicit Batch(Table table) : table_(std::move(table)) {}

  Batch& add_table(Add mode = Add::Ensure);
  Batch& delete_table();
  Batch& add(Chain chain, Add mode = Add::Ensure);
  Batch& add(Rule rule);
  Batch& add(Set set, Add mode = Add::Ensure);
  Batch& add(Element element, Add mode = Add::Exclusive);
  Batch& add(FlowTable flows);  // one that is there gets those of the devices that it has not
  Batch& add(FilterRule rule);
  Batch& insert(FilterRule rule);
  Batch& remove(FilterRule rule);  // by its handle
  Batch& remove(Chain chain);  // with its rules; TryAgain while a rule or an element leads to it
  Batch& remove(Element element);  // by key; data and comment are not looked at

  // The changes of another one behind these; its table may be another, too.
  Batch& append(const Batch& other);

  const Table& table() const { return table_; }
  const std::vector<Change>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }

 private:
  Table table_;
  std::vector<Change> changes_;
};

// One change in nft(8)'s words: `create element inet netctl publish4_any { tcp . 8080 comment "…" :
// 172.17.0.2 . 80 }`. The batch: one line each, in order; nft -f accepts it.
std::string to_text(const Change& change);
std::string to_text(const Batch& batch);

}  // namespace netctl::nft

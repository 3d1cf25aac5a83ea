#include "runtime-core/nft/batch.hpp"

#include <utility>

namespace netctl::nft {

Batch& Batch::add_table(Add mode) {
  changes_.push_back({.mode = mode, .table = table_, .object = table_});
  return *this;
}

Batch& Batch::delete_table() {
  changes_.push_back({.verb = Change::Verb::Delete, .table = table_, .object = table_});
  return *this;
}

Batch& Batch::add(Chain chain, Add mode) {
  changes_.push_back({.mode = mode, .table = table_, .object = std::move(chain)});
  return *this;
}

Batch& Batch::add(Rule rule) {
  changes_.push_back({.table = table_, .object = std::move(rule)});
  return *this;
}

Batch& Batch::add(Set set, Add mode) {
  changes_.push_back({.mode = mode, .table = table_, .object = std::move(set)});
  return *this;
}

Batch& Batch::add(Element element, Add mode) {
  changes_.push_back({.mode = mode, .table = table_, .object = std::move(element)});
  return *this;
}

Batch& Batch::add(FlowTable flows) {
  changes_.push_back({.table = table_, .object = std::move(flows)});
  return *this;
}

Batch& Batch::add(FilterRule rule) {
  changes_.push_back({.table = table_, .object = std::move(rule)});
  return *this;
}

Batch& Batch::insert(FilterRule rule) {
  changes_.push_back({.first = true, .table = table_, .object = std::move(rule)});
  return *this;
}

Batch& Batch::remove(FilterRule rule) {
  changes_.push_back({.verb = Change::Verb::Delete, .table = table_, .object = std::move(rule)});
  return *this;
}

Batch& Batch::append(const Batch& other) {
  changes_.insert(changes_.end(), other.changes_.begin(), other.changes_.end());
  return *this;
}

Batch& Batch::remove(Chain chain) {
  changes_.push_back({.verb = Change::Verb::Delete, .table = table_, .object = std::move(chain)});
  return *this;
}

Batch& Batch::remove(Element element) {
  changes_.push_back({.verb = Change::Verb::Delete, .table = table_, .object = std::move(element)});
  return *this;
}

}  // namespace netctl::nft

#include "runtime-core/attach/record_check.hpp"

#include <set>
#include <utility>

#include "runtime-core/attach/firewall_record.hpp"

namespace netctl::attach {

Result<std::size_t> count_missing(const OwnedTable& table) {
  const auto records = TRY(FirewallRecords::open(table));
  TableEditor editor = TRY(TableEditor::open(table));
  // Two with one key cannot both be in the kernel, so they are one.
  std::set<std::pair<std::string, std::vector<nft::Datum>>> missing;
  for (const nft::Element& element : TRY(records.all())) {
    const auto present = TRY(editor.find(element));
    if (!present) missing.emplace(element.set, element.key);
  }
  return missing.size();
}

}  // namespace netctl::attach

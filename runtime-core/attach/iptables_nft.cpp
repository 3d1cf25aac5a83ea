#include "runtime-core/attach/iptables_nft.hpp"

#include <functional>
#include <set>

#include "runtime-core/attach/ruleset.hpp"

namespace netctl::attach {
namespace {

using Kind = FilterEdit::Kind;

nft::Table table_of(Family family) {
  return {"filter", family == Family::V4 ? nft::TableFamily::Ip : nft::TableFamily::Ip6};
}

void add_edit(nft::Batch& batch, FilterEdit edit) {
  switch (edit.kind) {
    case Kind::NewChain:
      batch.add(nft::Chain{.name = edit.rule.chain}, nft::Add::Exclusive);
      return;
    case Kind::DeleteChain:
      batch.remove(nft::Chain{.name = edit.rule.chain});
      return;
    case Kind::Insert:
      batch.insert(std::move(edit.rule));
      return;
    case Kind::Append:
      batch.add(std::move(edit.rule));
      return;
    case Kind::Delete:
      batch.remove(std::move(edit.rule));
      return;
  }
}

using DecideFamily = std::function<std::vector<FilterEdit>(const FilterTable&, Family)>;

// In both families at once.
Status change_tables(const std::string& admin_chain, const DecideFamily& decide) {
  nft::Socket socket = TRY(nft::Socket::open());
  return change_ruleset(socket, [&]() -> Result<nft::Batch> {
    nft::Batch all(table_of(Family::V4));
    for (const Family family : {Family::V4, Family::V6}) {
      const FilterTable table = TRY(nft_filter_table(socket, family, admin_chain));
      nft::Batch batch(table_of(family));
      for (FilterEdit& edit : decide(table, family)) add_edit(batch, std::move(edit));
      all.append(batch);
    }
    return all;
  });
}

}  // namespace

Result<FilterTable> nft_filter_table(nft::Socket& socket, Family family,
                                     const std::string& admin_chain) {
  const nft::Table table = table_of(family);
  FilterTable found;
  found.containers = TRY(socket.find_filter_chain(table, std::string(kContainersChain)));
  found.forward = TRY(socket.find_filter_chain(table, "FORWARD"));
  if (found.forward && !found.forward->is_base) found.forward.reset();
  std::set<std::string> names{admin_chain};
  if (found.containers) {
    for (const nft::FilterRule& rule : found.containers->rules) {
      if (rule.verdict) names.insert(rule.verdict->chain);
    }
  }
  for (const std::string& name : names) {
    if (name.empty()) continue;
    auto chain = TRY(socket.find_filter_chain(table, name));
    if (chain) found.admin.emplace(name, *std::move(chain));
  }
  return found;
}

Status admit_to_iptables_nft(const Admission& admission) {
  return change_tables(admission.admin_chain,
                       [&](const FilterTable& table, Family family) {
                         return admitting_edits(table, family, admission);
                       })
      .context("rules of iptables (nf_tables)");
}

Status withdraw_from_iptables_nft(const std::vector<IpAddress>& addresses) {
  return change_tables("", [&](const FilterTable& table,
                               Family) { return withdrawing_edits(table, addresses); })
      .context("rules of iptables (nf_tables)");
}

Result<std::vector<std::string>> missing_in_iptables_nft(const Admission& admission) {
  nft::Socket socket = TRY(nft::Socket::open());
  std::vector<std::string> lines;
  for (const Family family : {Family::V4, Family::V6}) {
    const FilterTable table = TRY(nft_filter_table(socket, family, admission.admin_chain));
    for (const FilterEdit& edit : admitting_edits(table, family, admission)) {
      lines.push_back(
          format("iptables{}: missing: {}", family == Family::V4 ? "" : " (IPv6)", to_text(edit)));
    }
  }
  return lines;
}

}  // namespace netctl::attach

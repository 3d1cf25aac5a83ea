#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime-core/attach/iptables.hpp"
#include "runtime-core/base/result.hpp"

// iptables' tables as its legacy variant has them in the kernel (x_tables). They can be read by any
// program, and written only as a whole: one that writes has to know every module that any rule of
// them uses, so that is left to iptables-restore(8) itself, under its lock.
namespace netctl::attach {

// Nothing when the host does not use the table: looking at it would make it.
Result<std::optional<FilterTable>> legacy_filter_table(Family family);

// What the kernel tells of a table (IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES), read without a system
// call; InvalidArgument when it does not hang together.
struct LegacyTable {
  std::uint32_t forward_start = 0;   // where the chain FORWARD begins in `entries`
  std::uint32_t forward_policy = 0;  // and where its policy stands, which is its end
  std::span<const std::uint8_t> entries{};
};
Result<FilterTable> parse_legacy_table(Family family, const LegacyTable& table);

Status admit_to_iptables_legacy(const Admission& admission);
Status withdraw_from_iptables_legacy(const std::vector<IpAddress>& addresses);
// What admit_to_iptables_legacy() would add, a line each.
Result<std::vector<std::string>> missing_in_iptables_legacy(const Admission& admission);

}  // namespace netctl::attach

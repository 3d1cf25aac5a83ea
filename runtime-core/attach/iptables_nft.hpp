#pragma once

#include <string>
#include <vector>

#include "runtime-core/attach/iptables.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/socket.hpp"

// iptables' tables where its variant for nf_tables keeps them: read and written through nf_tables
// itself, in one transaction for both families, without a process.
namespace netctl::attach {

Result<FilterTable> nft_filter_table(nft::Socket& socket, Family family,
                                     const std::string& admin_chain);

Status admit_to_iptables_nft(const Admission& admission);
Status withdraw_from_iptables_nft(const std::vector<IpAddress>& addresses);
// What admit_to_iptables_nft() would add, a line each.
Result<std::vector<std::string>> missing_in_iptables_nft(const Admission& admission);

}  // namespace netctl::attach

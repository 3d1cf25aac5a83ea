#pragma once

#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/types.hpp"

struct nftnl_rule;  // libnftnl; its headers stay in the .cpp

namespace netctl::nft {

// Inside this directory only. Appends what the kernel executes for the statements: loads of packet
// fields into registers, comparisons and lookups in them, and actions. They are those that nft(8)
// would send, one by one, because it recognises a statement by them when it lists a rule.
// InvalidArgument when a statement makes no sense, such as an IPv6 prefix for an IPv4 field.
Status add_expressions(nftnl_rule* rule, const std::vector<Statement>& statements);

}  // namespace netctl::nft

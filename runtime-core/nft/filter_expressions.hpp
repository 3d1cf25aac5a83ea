#pragma once

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/filter_rule.hpp"

struct nftnl_rule;  // libnftnl; its headers stay in the .cpp

namespace netctl::nft {

// Inside this directory only: a rule of iptables' as the kernel executes it. iptables 1.8 writes
//
//   [ payload load 4b @ network header + 16 => reg 1 ]   -d 10.1.2.3/32
//   [ cmp eq reg 1 0x0302010a ]
//   [ match name conntrack rev 3 ]                       -m conntrack --ctstate …
//   [ match name comment rev 0 ]                         -m comment --comment …
//   [ counter pkts 0 bytes 0 ]
//   [ immediate reg 0 accept ]                           -j ACCEPT
//
// and takes a table that has anything else in it for one that it cannot list.
Status add_expressions(nftnl_rule* rule, const FilterRule& filter);

// Chain and handle are left to the caller.
FilterRule decode_expressions(nftnl_rule* rule, Family family);

}  // namespace netctl::nft

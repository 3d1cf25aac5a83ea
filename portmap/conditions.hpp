#pragma once

#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/attach/port_condition.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::portmap {

// The words of conditionsV4 or conditionsV6. As with the reference plugin they are iptables' when
// the first begins with "-" or "!" and nftables' otherwise:
//
//   ["!", "-d", "192.0.2.0/24", "-i", "eth0"]
//   ["ip daddr != 192.0.2.0/24", "iifname eth0"]
//
// Source, destination and incoming interface can be asked for; NotSupported names any other word.
// An address of the other family or that cannot be read is InvalidArgument.
Result<std::vector<attach::PortCondition>> parse_conditions(const std::vector<std::string>& words,
                                                            Family family);

}  // namespace netctl::portmap

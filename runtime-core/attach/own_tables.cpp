#include "runtime-core/attach/own_tables.hpp"

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/flow_table.hpp"
#include "runtime-core/attach/spoof_guard.hpp"

namespace netctl::attach {

std::array<const OwnedTable*, 3> own_tables() {
  return {&firewall_table(), &spoof_table(), &flow_table()};
}

}  // namespace netctl::attach

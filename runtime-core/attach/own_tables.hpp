#pragma once

#include <array>

#include "runtime-core/attach/owned_table.hpp"

namespace netctl::attach {

// All tables of ours: firewall_table(), spoof_table(), flow_table().
std::array<const OwnedTable*, 3> own_tables();

}  // namespace netctl::attach

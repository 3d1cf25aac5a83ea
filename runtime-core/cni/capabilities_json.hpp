#pragma once

#include "runtime-core/addr/port.hpp"
#include "runtime-core/cni/json.hpp"

namespace netctl::cni {

// One entry of "portMappings"; problems go to the reader.
PortMapping read_port_mapping(const ObjectReader& entry);

}  // namespace netctl::cni

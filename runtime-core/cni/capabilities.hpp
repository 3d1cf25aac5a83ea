#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/result.hpp"

// Capability arguments: what a runtime wants of a network's plugins, a JSON object with a member
// for each capability (CNI conventions, "Dynamic Plugin specific fields").
namespace netctl::cni {

// {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp", "hostIP": …}]};
// empty when there are none.
std::string port_mapping_args(const std::vector<PortMapping>& mappings);
// The reverse. What cannot be read there is left out.
std::vector<PortMapping> port_mappings_of(std::string_view capability_args);

}  // namespace netctl::cni

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/result.hpp"

// Capability arguments: what a runtime wants of a network's plugins, a JSON object with a member
// for each capability (CNI conventions, "Dynamic Plugin specific fields").
namespace netctl::cni {

// The value of "portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp",
// "hostIP": …}].
std::string port_mappings_json(const std::vector<PortMapping>& mappings);
// Those of whole capability arguments. What cannot be read there is left out.
std::vector<PortMapping> port_mappings_of(std::string_view capability_args);

}  // namespace netctl::cni

#pragma once

#include <string>

#include "netctl/attach.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

// `netctl network connect` and `disconnect`: containers that run already, as Docker has it.
namespace netctl::command {

// add() with the first of eth0, eth1 … that the namespace does not have. As under Docker,
// containers of the modes host, container and none are refused.
Status connect(const Settings& settings, Target target, const Wanted& wanted, const Output& output);

// del() of every attachment of the namespace (or of the container id) to the network. With `force`
// none is fine; otherwise it is an error. So is one of the mode host or container.
Status disconnect(const Settings& settings, const Target& target, bool force);

}  // namespace netctl::command

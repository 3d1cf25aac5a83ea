#pragma once

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"

// Calling another plugin from a plugin (CNI spec 1.1.0, section 4): the same environment but for
// CNI_COMMAND, the same config on stdin, found through CNI_PATH. One that is built in is called
// without a process. The other's error object comes back unchanged: code, message, details.
namespace netctl::cni {

// The IPAM plugin that request.ipam_type names. At least one address is promised: a result without
// one is released again and refused, and so is the address of an ADD that failed half-way, as the
// specification asks.
Result<AddResult> ipam_add(const Request& request);
// DEL, CHECK, GC or STATUS. Without an "ipam" in the config all are a success that does nothing.
Status ipam_call(Command command, const Request& request);

}  // namespace netctl::cni

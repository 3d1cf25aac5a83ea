#pragma once

#include "runtime-core/cni/request.hpp"

namespace netctl::cni {

// What a runtime asks of a network for one container, by the keys of CNI's conventions
// (CONVENTIONS.md). Whether, not what: for plugins that can only refuse it, or say that they do
// without. An empty list or text asks for nothing.
struct Wishes {
  bool ports = false;    // runtimeConfig.portMappings
  bool dns = false;      // runtimeConfig.dns, or "dns" of the config
  bool mac = false;      // runtimeConfig.mac, args.cni.mac, CNI_ARGS MAC
  bool ips = false;      // runtimeConfig.ips, args.cni.ips, CNI_ARGS IP
  bool aliases = false;  // runtimeConfig.aliases
};

Wishes wishes_of(const Request& request);

}  // namespace netctl::cni

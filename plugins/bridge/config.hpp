#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/mac.hpp"
#include "runtime-core/attach/policy.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/rtnl/types.hpp"

namespace netctl::bridge {

// The keys of the bridge plugin, with the reference plugin's names and meaning (docs/plugins.md).
struct Config {
  std::string bridge = "cni0";
  bool is_gateway = false;          // the bridge gets the gateway addresses, the host forwards
  bool is_default_gateway = false;  // and the container's default route leads there
  bool no_default_route = false;    // none is made, whoever asks for one
  bool force_address = false;       // other addresses of the bridge give way
  std::optional<bool> ip_masq{};    // none: in gateway mode nat
  bool hairpin_mode = false;
  bool promisc_mode = false;
  bool port_isolation = false;     // also "icc": false
  attach::Policy policy{};         // "internal", "isolate", "icc", "gatewayModeV4", "gatewayModeV6"
  bool flow_table = false;         // "flowTable": forwarded connections take the short way
  bool spoof_check = false;        // "macspoofchk"
  bool detect_duplicates = false;  // "enabledad"
  bool disable_container_interface = false;
  bool auto_mtu = false;   // "mtu": "auto", as the device of the host's default route
  std::uint32_t mtu = 0;   // 0: the kernel's default
  std::uint16_t vlan = 0;  // of untagged frames; 0: none asked for
  std::vector<rtnl::VlanRange> vlan_trunk{};  // tagged, as they stand in the config
  bool preserve_default_vlan = false;         // the port stays in the one it was born into
  std::optional<int> gateway_priority{};  // of the default route, among the container's networks
  std::optional<MacAddress> mac{};  // of the container: runtimeConfig, else args, else CNI_ARGS
};

// The config, checked whole: every problem is in the one error.
Result<Config> parse_config(const cni::Request& request);
// Whether what leaves the network gets the host's address.
bool masquerades(const Config& config, Family family);

// What can be used of it, for DEL and GC, which have to remove what there is whatever became of the
// config: a key that makes no sense has its default, and is logged.
Config usable_config(const cni::Request& request);

}  // namespace netctl::bridge

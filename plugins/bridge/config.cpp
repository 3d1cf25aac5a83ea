#include "plugins/bridge/config.hpp"

#include "plugins/bridge/vlan.hpp"
#include "runtime-core/addr/if_name.hpp"
#include "runtime-core/attach/routes.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/args.hpp"
#include "runtime-core/cni/json.hpp"

namespace netctl::bridge {
namespace {

constexpr std::uint32_t kMaxMtu = 65535;  // ETH_MAX_MTU, what veth and bridge accept

constexpr int kMaxVlan = 4094;

// A number of a VLAN in vlanTrunk; nothing when it is not there or wrong.
std::optional<std::uint16_t> read_trunk_vlan(const cni::ObjectReader& item, const char* key,
                                             cni::Problems& problems) {
  std::optional<std::int64_t> number;
  item.read(key, number);
  if (!number) return std::nullopt;
  if (*number >= 1 && *number <= kMaxVlan) return static_cast<std::uint16_t>(*number);
  problems.add(format("incorrect trunk {} parameter: {} (must be between 1 and {})", key, *number,
                      kMaxVlan));
  return std::nullopt;
}

// {"minID": 100, "maxID": 199}, {"id": 7}, or both at once.
void read_trunk_item(const cni::ObjectReader& item, Config& config, cni::Problems& problems) {
  if (item.has("minID") != item.has("maxID")) {
    problems.add(format("minID and maxID should be configured simultaneously, {} is missing",
                        item.has("minID") ? "maxID" : "minID"));
  }
  const auto first = read_trunk_vlan(item, "minID", problems);
  const auto last = read_trunk_vlan(item, "maxID", problems);
  const auto single = read_trunk_vlan(item, "id", problems);
  if (first && last && *first > *last) {
    problems.add(format("minID is greater than maxID in trunk parameter: {}, {}", *first, *last));
  } else if (first && last) {
    config.vlan_trunk.push_back({.first = *first, .last = *last});
  }
  if (single) config.vlan_trunk.push_back({.first = *single, .last = *single});
}

void read_vlans(const cni::ObjectReader& keys, Config& config, cni::Problems& problems) {
  std::int64_t vlan = 0;
  keys.read("vlan", vlan);
  if (vlan < 0 || vlan > kMaxVlan) {
    problems.add(format("invalid VLAN ID {} (must be between 0 and {})", vlan, kMaxVlan));
  } else {
    config.vlan = static_cast<std::uint16_t>(vlan);
  }
  for (const cni::ObjectReader& item : keys.children("vlanTrunk")) {
    read_trunk_item(item, config, problems);
  }
  keys.read("preserveDefaultVlan", config.preserve_default_vlan);
}

// runtimeConfig wins over args, and args over CNI_ARGS.
void read_mac(const cni::Request& request, const cni::ObjectReader& keys,
              const cni::ObjectReader& args, Config& config, cni::Problems& problems) {
  const auto variable = cni::parse_args(request.args, {"MAC"});
  if (!variable) return problems.add(variable.error().message);
  if (const auto mac = variable->find("MAC"); mac != variable->end() && !mac->second.empty()) {
    const auto parsed = parse_mac_address(mac->second);
    if (parsed) config.mac = *parsed;
    if (!parsed) problems.add("CNI_ARGS: " + parsed.error().message);
  }
  args.read("mac", config.mac);
  keys.child("runtimeConfig").read("mac", config.mac);
}

void read_bridge_name(const cni::ObjectReader& keys, Config& config) {
  std::string name;
  if (!keys.read("bridge", name)) return;
  const Status usable = check_if_name(name);
  if (!usable) return keys.add_problem("bridge", usable.error().message);
  config.bridge = std::move(name);
}

// A number, or "auto".
void read_mtu(const cni::Request& request, const cni::ObjectReader& keys, Config& config) {
  const cni::Json* value = cni::find_member(request.config->root, "mtu");
  config.auto_mtu = value && value->is_string() && *value == "auto";
  if (!config.auto_mtu) keys.read("mtu", config.mtu, 0, kMaxMtu);
}

// Of the network, or of this container in it.
void read_gateway_priority(const cni::ObjectReader& keys, const cni::ObjectReader& args,
                           Config& config) {
  for (const cni::ObjectReader* place : {&keys, &args}) {
    place->read("gatewayPriority", config.gateway_priority, -attach::kMaxGatewayPriority,
                attach::kMaxGatewayPriority);
  }
}

// true, false or "strict".
void read_isolation(const cni::Request& request, const cni::ObjectReader& keys,
                    attach::Policy& policy) {
  const cni::Json* value = cni::find_member(request.config->root, "isolate");
  if (value && value->is_string()) {
    policy.isolation = attach::Isolation::Strict;
    if (*value != "strict") keys.add_problem("isolate", "is neither true, false nor \"strict\"");
    return;
  }
  bool isolate = false;
  keys.read("isolate", isolate);
  if (isolate) policy.isolation = attach::Isolation::Isolated;
}

void read_policy(const cni::Request& request, const cni::ObjectReader& keys, Config& config) {
  attach::Policy& policy = config.policy;
  keys.read("internal", policy.internal);
  keys.read("icc", policy.icc);
  keys.read("gatewayModeV4", policy.v4, attach::parse_gateway_mode);
  keys.read("gatewayModeV6", policy.v6, attach::parse_gateway_mode);
  for (const Family family : {Family::V4, Family::V6}) {
    const attach::GatewayMode mode = policy.mode(family);
    if (mode == attach::GatewayMode::Nat || mode == attach::GatewayMode::Routed) {
      config.is_gateway = true;
    }
  }
  read_isolation(request, keys, policy);
  config.port_isolation = config.port_isolation || !policy.icc;
  config.no_default_route = config.no_default_route || policy.internal;
}

// What cannot both be meant.
void check_policy(const Config& config, cni::Problems& problems) {
  const attach::Policy& policy = config.policy;
  if (policy.internal && config.ip_masq.value_or(false)) {
    problems.add("cannot set internal and ipMasq at the same time: nothing leaves the network");
  }
  const bool forwards_by_vlan = config.vlan != 0 && config.is_gateway;
  attach::Policy to_others = policy;
  to_others.icc = true;  // which ports' isolation takes care of, too
  if (forwards_by_vlan && !to_others.is_open()) {
    problems.add(
        "cannot set vlan together with internal, isolate or a gateway mode: the policy of a "
        "network is its bridge's; give it a bridge of its own");
  }
  if (config.flow_table && (!config.is_gateway || has_vlans(config))) {
    problems.add(
        "flowTable is for what the host forwards by the bridge: set isGateway, and no VLANs");
  }
  for (const Family family : {Family::V4, Family::V6}) {
    const attach::GatewayMode mode = policy.mode(family);
    const std::string_view key = family == Family::V4 ? "gatewayModeV4" : "gatewayModeV6";
    const bool isolated = mode == attach::GatewayMode::Isolated;
    if (isolated && !policy.internal) {
      problems.add(
          format("{}: isolated networks have to be internal: set \"internal\": true", key));
    }
    if (!isolated && mode != attach::GatewayMode::NatUnprotected && policy.internal) {
      problems.add(format("{}: an internal network is not {}: take one of the two out", key,
                          attach::to_text(mode)));
    }
  }
}

Config read_config(const cni::Request& request, const cni::ObjectReader& keys,
                   cni::Problems& problems) {
  Config config;
  read_bridge_name(keys, config);
  keys.read("isGateway", config.is_gateway);
  keys.read("isDefaultGateway", config.is_default_gateway);
  keys.read("noDefaultRoute", config.no_default_route);
  keys.read("forceAddress", config.force_address);
  keys.read("ipMasq", config.ip_masq);
  keys.read("hairpinMode", config.hairpin_mode);
  keys.read("promiscMode", config.promisc_mode);
  keys.read("portIsolation", config.port_isolation);
  keys.read("flowTable", config.flow_table);
  keys.read("macspoofchk", config.spoof_check);
  keys.read("enabledad", config.detect_duplicates);
  keys.read("disableContainerInterface", config.disable_container_interface);
  read_mtu(request, keys, config);
  read_vlans(keys, config, problems);
  const cni::ObjectReader args = keys.child("args").child("cni");
  read_gateway_priority(keys, args, config);
  read_mac(request, keys, args, config, problems);

  config.is_gateway = config.is_gateway || config.is_default_gateway;
  if (config.hairpin_mode && config.promisc_mode) {
    problems.add("cannot set hairpin mode and promiscuous mode at the same time");
  }
  if (config.is_default_gateway && config.no_default_route) {
    problems.add("cannot set isDefaultGateway and noDefaultRoute at the same time");
  }
  read_policy(request, keys, config);
  if (config.is_default_gateway && config.policy.internal) {
    problems.add("cannot set isDefaultGateway and internal at the same time");
  }
  check_policy(config, problems);
  if (config.disable_container_interface && !request.ipam_type.empty()) {
    problems.add("cannot use IPAM when DisableContainerInterface flag is set");
  }
  return config;
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  Config config = read_config(request, keys, problems);
  TRY(problems.status());
  return config;
}

bool masquerades(const Config& config, Family family) {
  const attach::GatewayMode mode = config.policy.mode(family);
  if (mode == attach::GatewayMode::Nat) return config.ip_masq.value_or(true);
  return mode == attach::GatewayMode::NatUnprotected && config.ip_masq.value_or(false);
}

Config usable_config(const cni::Request& request) {
  cni::Problems problems;
  Config config = read_config(request, cni::ObjectReader(*request.config, problems), problems);
  if (!problems.empty()) log::info("going on without a part of the config: {}", problems.text());
  return config;
}

}  // namespace netctl::bridge

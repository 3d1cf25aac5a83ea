#include "portmap/config.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "portmap/conditions.hpp"
#include "runtime-core/cni/capabilities_json.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"

namespace netctl::portmap {
namespace {

Result<std::string> parse_backend(std::string_view text) {
  if (text == "iptables" || text == "nftables") return std::string(text);
  return fail(Errc::InvalidArgument, "unrecognized backend \"{}\": iptables and nftables are known",
              text);
}

// Keys about the mark by which the reference plugin's iptables rules find what to masquerade. No
// packet is marked here, so there is neither a bit nor a chain of another program that sets it:
// what either would mark is masqueraded by ours.
void check_mark(const cni::ObjectReader& keys) {
  int bit = 0;
  const bool has_bit = keys.read("markMasqBit", bit, 0, 31);
  std::string chain;
  const bool has_chain = keys.read("externalSetMarkChain", chain) && !chain.empty();
  if (has_bit && has_chain) {
    keys.add_problem("externalSetMarkChain", "cannot be given together with markMasqBit");
  }
}

// Nothing for words that are understood and cannot be had here.
Result<std::vector<attach::PortCondition>> read_conditions(const cni::ObjectReader& keys,
                                                           std::string_view key, Family family,
                                                           attach::GatewayMode mode) {
  std::vector<std::string> words;
  if (!keys.read(key, words) || words.empty()) return std::vector<attach::PortCondition>{};
  auto conditions = parse_conditions(words, family);
  if (!conditions && conditions.error().code != Errc::NotSupported) {
    keys.add_problem(key, conditions.error().message);
    return std::vector<attach::PortCondition>{};
  }
  if (!conditions) {
    return cni::failure(cni::kUnsupportedField, format("{}: {}", key, conditions.error().message));
  }
  if (mode == attach::GatewayMode::Routed) {
    return cni::failure(cni::kUnsupportedField,
                        format("{} cannot be had in gateway mode routed, where ports are open at "
                               "the container's own address",
                               key));
  }
  return conditions;
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  Config config;
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  keys.read("snat", config.snat);
  keys.read("masqAll", config.masq_all);
  keys.read("gatewayModeV4", config.network.v4, attach::parse_gateway_mode);
  keys.read("gatewayModeV6", config.network.v6, attach::parse_gateway_mode);
  std::string backend;
  keys.read("backend", backend, parse_backend);
  check_mark(keys);
  for (const cni::ObjectReader& entry : keys.child("runtimeConfig").children("portMappings")) {
    config.mappings.push_back(cni::read_port_mapping(entry));
  }
  if (problems.empty()) {
    if (const Status once = refuse_repeated(config.mappings); !once) {
      problems.add(once.error().message);
    }
  }
  auto v4 = read_conditions(keys, "conditionsV4", Family::V4, config.network.v4);
  auto v6 = read_conditions(keys, "conditionsV6", Family::V6, config.network.v6);
  TRY(problems.status());
  config.conditions_v4 = TRY(std::move(v4));
  config.conditions_v6 = TRY(std::move(v6));
  return config;
}

}  // namespace netctl::portmap

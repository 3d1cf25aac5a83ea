#include "portmap/config.hpp"

#include <optional>
#include <string>
#include <string_view>

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
// packet is marked here, so there is no bit to choose: none that another program uses is touched.
void check_mark(const cni::ObjectReader& keys) {
  int bit = 0;
  const bool has_bit = keys.read("markMasqBit", bit, 0, 31);
  std::string chain;
  if (has_bit && keys.read("externalSetMarkChain", chain) && !chain.empty()) {
    keys.add_problem("externalSetMarkChain", "cannot be given together with markMasqBit");
  }
}

// What would have to be done in iptables' own tables.
Status refuse_unsupported(const cni::ObjectReader& keys) {
  std::string chain;
  if (keys.read("externalSetMarkChain", chain) && !chain.empty()) {
    return cni::failure(
        cni::kUnsupportedField,
        format("externalSetMarkChain \"{}\" is a chain of iptables, which rules of nftables cannot "
               "jump to: leave the key out, \"snat\": true masquerades without it",
               chain));
  }
  for (const std::string_view key : {"conditionsV4", "conditionsV6"}) {
    std::vector<std::string> tokens;
    if (!keys.read(key, tokens) || tokens.empty()) continue;
    return cni::failure(
        cni::kUnsupportedField,
        format("{} cannot be honoured: \"{}\" would have to stand before one network's ports, "
               "which share a map with all others; publish on a host address (hostIP) instead",
               key, tokens.front()));
  }
  return ok();
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
  const Status supported = refuse_unsupported(keys);
  TRY(problems.status());
  if (!supported) return supported.error();
  return config;
}

}  // namespace netctl::portmap

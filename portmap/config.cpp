#include "portmap/config.hpp"

#include "runtime-core/cni/json.hpp"

namespace netctl::portmap {
namespace {

constexpr std::uint16_t kMaxPort = 65535;

PortMapping read_mapping(const cni::ObjectReader& entry) {
  PortMapping mapping;
  entry.require("hostPort", mapping.host_port, std::uint16_t{1}, kMaxPort);
  entry.require("containerPort", mapping.container_port, std::uint16_t{1}, kMaxPort);
  entry.read("protocol", mapping.protocol, parse_protocol);
  entry.read("hostIP", mapping.host_ip);
  return mapping;
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  Config config;
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  keys.read("snat", config.snat);
  keys.read("masqAll", config.masq_all);
  for (const cni::ObjectReader& entry : keys.child("runtimeConfig").children("portMappings")) {
    config.mappings.push_back(read_mapping(entry));
  }
  TRY(problems.status());
  return config;
}

}  // namespace netctl::portmap

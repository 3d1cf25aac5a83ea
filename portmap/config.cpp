#include "portmap/config.hpp"

#include "runtime-core/cni/capabilities_json.hpp"
#include "runtime-core/cni/json.hpp"

namespace netctl::portmap {

Result<Config> parse_config(const cni::Request& request) {
  Config config;
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  keys.read("snat", config.snat);
  keys.read("masqAll", config.masq_all);
  for (const cni::ObjectReader& entry : keys.child("runtimeConfig").children("portMappings")) {
    config.mappings.push_back(cni::read_port_mapping(entry));
  }
  TRY(problems.status());
  return config;
}

}  // namespace netctl::portmap

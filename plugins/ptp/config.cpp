#include "plugins/ptp/config.hpp"

#include "runtime-core/cni/json.hpp"

namespace netctl::ptp {
namespace {

constexpr std::uint32_t kMaxMtu = 65535;  // ETH_MAX_MTU, what veth accepts

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  Config config;
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  keys.read("ipMasq", config.ip_masq);
  keys.read("mtu", config.mtu, 0, kMaxMtu);
  if (request.ipam_type.empty()) {
    problems.add("\"ipam.type\" is missing: without addresses nothing leads over a ptp link");
  }
  TRY(problems.status());
  return config;
}

}  // namespace netctl::ptp

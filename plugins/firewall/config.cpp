#include "plugins/firewall/config.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/json.hpp"

namespace netctl::firewall {
namespace {

constexpr std::size_t kMaxChainName = 28;  // XT_EXTENSION_MAXNAMELEN, without the zero

// What iptables has of its own, and the chain that leads to the user's.
constexpr std::array<std::string_view, 9> kReserved = {
    "INPUT", "FORWARD", "OUTPUT", "ACCEPT", "DROP", "RETURN", "REJECT", "QUEUE", "CNI-FORWARD"};

Result<std::string> parse_chain_name(std::string_view text) {
  const bool is_plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
  if (!is_plain || text.starts_with('-') || text.size() > kMaxChainName) {
    return fail(Errc::InvalidArgument,
                "a chain's name has at most {} letters, digits and any of -_.:, and does not begin "
                "with -",
                kMaxChainName);
  }
  if (std::ranges::find(kReserved, text) != kReserved.end()) {
    return fail(Errc::InvalidArgument, "{} is no name for a chain of the user's", text);
  }
  return std::string(text);
}

Config read_config(const cni::ObjectReader& keys, cni::Problems& problems) {
  Config config;
  std::string backend;
  keys.read("backend", backend);
  const auto known = attach::parse_backend(backend);
  if (known) config.backend = *known;
  // As the reference plugin does: look at the host.
  if (!known) log::warn("{}: chosen by looking at the host", known.error().message);
  std::string policy;
  keys.read("ingressPolicy", policy);
  const auto ingress_policy = attach::parse_ingress_policy(policy);
  if (ingress_policy) config.ingress_policy = *ingress_policy;
  if (!ingress_policy) problems.add(ingress_policy.error().message);
  keys.read("iptablesAdminChainName", config.admin_chain, parse_chain_name);
  std::string zone;
  if (keys.read("firewalldZone", zone) && !zone.empty()) config.zone = zone;
  return config;
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  cni::Problems problems;
  Config config = read_config(cni::ObjectReader(*request.config, problems), problems);
  TRY(problems.status());
  return config;
}

Config usable_config(const cni::Request& request) {
  cni::Problems problems;
  Config config = read_config(cni::ObjectReader(*request.config, problems), problems);
  if (!problems.empty()) log::info("going on without a part of the config: {}", problems.text());
  return config;
}

}  // namespace netctl::firewall

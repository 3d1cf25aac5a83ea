#include "netctl/networks.hpp"

#include <algorithm>

#include "netctl/default_networks.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::command {

Result<std::vector<cni::NetworkConfig>> configured_networks(const Settings& settings) {
  cni::NetworkDirectory directory = TRY(cni::load_networks(settings.config_directory));
  for (const Error& broken : directory.broken) log::warn("passed over: {}", broken.message);
  return std::move(directory.networks);
}

Result<cni::NetworkConfig> find_network(const Settings& settings, const std::string& name) {
  std::vector<cni::NetworkConfig> networks = TRY(configured_networks(settings));
  const auto found = std::ranges::find(networks, name, &cni::NetworkConfig::name);
  if (found != networks.end()) return std::move(*found);
  if (is_default_network(name)) return default_network(name, networks);
  std::string known;
  for (const cni::NetworkConfig& network : networks) known += network.name + ", ";
  for (const std::string_view each : kDefaultNetworks) {
    known += format("{}{}", each == kDefaultNetworks.front() ? "" : ", ", each);
  }
  return fail(Errc::NotFound, "no network \"{}\" in {}; there are: {}", name,
              settings.config_directory, known);
}

Result<std::vector<cni::NetworkConfig>> all_networks(const Settings& settings) {
  std::vector<cni::NetworkConfig> networks = TRY(configured_networks(settings));
  const std::size_t configured = networks.size();
  for (const std::string_view name : kDefaultNetworks) {
    const auto replaced = std::ranges::find(networks, name, &cni::NetworkConfig::name);
    if (replaced != networks.end()) continue;
    auto network = default_network(
        name, {networks.begin(), networks.begin() + static_cast<std::ptrdiff_t>(configured)});
    networks.push_back(TRY(std::move(network)));
  }
  return networks;
}

}  // namespace netctl::command

#include "netctl/networks.hpp"

#include <algorithm>

#include "netctl/default_networks.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::command {

namespace {

Result<cni::NetworkDirectory> read_directory(const Settings& settings) {
  cni::NetworkDirectory directory = TRY(cni::load_networks(settings.config_directory));
  for (const auto* amiss : {&directory.broken, &directory.unread}) {
    for (const Error& each : *amiss) log::warn("passed over: {}", each.message);
  }
  return directory;
}

Status all_read(const cni::NetworkDirectory& directory) {
  return directory.unread.empty() ? ok() : Status(directory.unread.front());
}

}  // namespace

Result<std::vector<cni::NetworkConfig>> all_configured_networks(const Settings& settings) {
  cni::NetworkDirectory directory = TRY(read_directory(settings));
  TRY(all_read(directory));
  return std::move(directory.networks);
}

Result<std::vector<cni::NetworkConfig>> configured_networks(const Settings& settings) {
  return TRY(read_directory(settings)).networks;
}

Result<cni::NetworkConfig> find_network(const Settings& settings, const std::string& name) {
  cni::NetworkDirectory directory = TRY(read_directory(settings));
  std::vector<cni::NetworkConfig>& networks = directory.networks;
  const auto found = std::ranges::find(networks, name, &cni::NetworkConfig::name);
  if (found != networks.end()) return std::move(*found);
  // That file may be the one. A default network in its place would be another network.
  TRY(all_read(directory).context("network \"{}\"", name));
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
  cni::NetworkDirectory directory = TRY(read_directory(settings));
  std::vector<cni::NetworkConfig>& networks = directory.networks;
  const std::size_t configured = networks.size();
  if (!directory.unread.empty()) return std::move(networks);  // one of them may be a default's
  for (const std::string_view name : kDefaultNetworks) {
    const auto replaced = std::ranges::find(networks, name, &cni::NetworkConfig::name);
    if (replaced != networks.end()) continue;
    auto network = default_network(
        name, {networks.begin(), networks.begin() + static_cast<std::ptrdiff_t>(configured)});
    networks.push_back(TRY(std::move(network)));
  }
  return std::move(networks);
}

}  // namespace netctl::command

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/addr/ip.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// A table of what is published in this network namespace, as its kernel has it: where, to whom, by
// which map of the firewall table, and how many packets and bytes its connections had since, both
// ways together.
inline constexpr std::array<std::string_view, 8> kPortFilters{
    {"network", "container", "namespace", "interface", "protocol", "map", "outside", "hostPort"}};
Status list_ports(const Settings& settings, const Output& output);

// One of them.
struct PublishedAt {
  IpAddress host{};         // unspecified: every address of the family
  std::string host_port{};  // "8080", "8000-8999"
  std::string protocol{};
  IpAddress container{};
  std::string container_port{};
  attach::Owner owner{};
  std::string ns{};      // as people name it; empty: not known here
  bool outside = false;  // others than the host reach it
};
Result<std::vector<PublishedAt>> published_ports(const Settings& settings);

// Whether a port that is published on `host` (nothing: on every address) can be reached by others
// than the host itself: not on a loopback address, nor on one that is not among the host's.
bool is_open_to_others(const std::optional<IpAddress>& host,
                       const std::vector<IpAddress>& own_addresses);

}  // namespace netctl::command

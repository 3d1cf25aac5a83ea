#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/network_config.hpp"

// What netctl reads in networks' config files, and writes into those that it makes.
namespace netctl::command {

// What a list of networks shows of one. All but the plugins may be missing.
struct NetworkFacts {
  std::string driver{};                // the first plugin's type
  std::vector<std::string> plugins{};  // all types, in their order
  std::string bridge{};
  bool internal = false;                        // nothing enters or leaves
  bool masquerade = false;                      // what leaves has an address of the host
  std::vector<IpPrefix> subnets{};              // of host-local's ranges
  std::map<std::string, std::string> labels{};  // args.cni.labels, and where Podman keeps them
  std::string created{};                        // "2026-11-24T07:00:00Z"; empty: not by netctl
};
// Never fails: what is not in its place or of another type is missing.
NetworkFacts network_facts(const cni::NetworkConfig& network);

// A subnet that a new network gives addresses of.
struct NewSubnet {
  IpPrefix subnet{};
  std::optional<IpAddress> gateway{};
  std::optional<IpAddress> first{};  // the part that addresses are given of
  std::optional<IpAddress> last{};
  std::vector<IpAddress> excluded{};  // never given
};

struct NewRoute {
  IpPrefix destination{};
  std::optional<IpAddress> gateway{};
  std::uint32_t metric = 0;
};

struct NewNetwork {
  std::string name{};
  std::string bridge{};
  std::vector<NewSubnet> subnets{};
  std::vector<NewRoute> routes{};
  std::vector<std::string> nameservers{};
  std::map<std::string, std::string> labels{};
  std::string created{};
  std::string ipam = "host-local";  // empty: no addresses
  std::uint32_t mtu = 0;
  bool internal = false;       // nothing enters or leaves; the host is reached
  std::string isolate{};       // "true", "strict"; empty: no
  std::string gateway_mode{};  // of both families, unless told for one; empty: nat
  std::string gateway_mode_v4{};
  std::string gateway_mode_v6{};
  bool masquerade = true;
  bool default_route = true;
  bool isolated_containers = false;
  bool flow_table = false;
};

// The network as the content of a .conflist file. Its version is 1.0.0, which every libcni in use
// reads, and those that know cniVersions take 1.1.0.
std::string network_json(const NewNetwork& network);

}  // namespace netctl::command

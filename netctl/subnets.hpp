#pragma once

#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/network_config.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

// Which subnets a network can have on this host.
namespace netctl::command {

// A subnet that somebody has already.
struct Taken {
  IpPrefix subnet{};
  std::string holder{};  // "network \"web\"", "a route of this host"
  int link = 0;          // index of the interface whose address or route it is; 0: none
};

// Of the host's addresses and routes, and of the configured networks.
Result<std::vector<Taken>> taken_subnets(rtnl::RouteSocket& host,
                                         const std::vector<cni::NetworkConfig>& configured);

// The one that the subnet overlaps; nullptr when there is none.
const Taken* find_overlap(const std::vector<Taken>& taken, const IpPrefix& subnet);

// For the default network: the first of 172.17.0.0/16 … 172.31.0.0/16 that is free.
Result<IpPrefix> choose_default_subnet(const std::vector<Taken>& taken);
// For any other: the first of 172.18.0.0/16 … 172.31.0.0/16, 192.168.0.0/20 … 192.168.240.0/20
// that is free. 172.17.0.0/16 is left for the default one, which is where people look for it.
Result<IpPrefix> choose_subnet(const std::vector<Taken>& taken);
// A random /64 of fd00::/8 (RFC 4193) that is free.
Result<IpPrefix> choose_subnet_v6(const std::vector<Taken>& taken);

}  // namespace netctl::command

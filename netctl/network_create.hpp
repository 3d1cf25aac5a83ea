#pragma once

#include <string>
#include <vector>

#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// What is typed after `network create`, with Docker's and Podman's flag names.
struct CreateRequest {
  std::string name{};  // empty: the first of netctl1, netctl2 … that is free
  std::string driver = "bridge";
  std::vector<std::string> subnets{};    // none: one that is free is chosen
  std::vector<std::string> gateways{};   // each in one of the subnets
  std::vector<std::string> ip_ranges{};  // prefixes, or "first-last"; each in one of the subnets
  std::vector<std::string> excluded{};   // "name=address", or the address alone; in a subnet
  bool ipv6 = false;                     // an IPv6 subnet is chosen where none is given
  std::vector<std::string> routes{};     // "destination,gateway[,metric]"
  std::vector<std::string> dns{};
  std::string bridge{};  // empty: made of the id
  bool internal = false;
  std::vector<std::string> labels{};   // "key=value"
  std::vector<std::string> options{};  // "key=value", see the docs for the keys
  std::string ipam = "host-local";     // or "none"
  bool ignore = false;                 // one of that name is fine
  bool dry_run = false;                // print the file, and write nothing
};

// Writes a config file for a new network and prints its id. Nothing is made in the kernel: the
// bridge comes with the first container. All that is wrong with the request is in one error.
Status create_network(const Settings& settings, const CreateRequest& request);

}  // namespace netctl::command

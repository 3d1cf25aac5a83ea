#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/types.hpp"

// What the configs of IPAM plugins have in common.
namespace netctl::cni {

// The addresses that a runtime asks for, as they are written, in each of the three places for them.
// What they mean together is the plugin's to say.
struct RequestedIps {
  std::map<std::string, std::string> args{};  // CNI_ARGS: the keys that the plugin knows
  std::vector<std::string> convention{};      // args.cni.ips
  std::vector<std::string> capability{};      // runtimeConfig.ips
};
RequestedIps read_requested_ips(const Request& request,
                                const std::vector<std::string_view>& known_args,
                                const ObjectReader& keys, Problems& problems);

// Results of versions before 0.3.0 have room for one address of each family: more is a problem.
void check_room_in_result(std::string_view version, std::span<const IpAddress> addresses,
                          Problems& problems);

}  // namespace netctl::cni

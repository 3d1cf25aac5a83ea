#include "runtime-core/cni/ipam.hpp"

#include <algorithm>

#include "runtime-core/cni/args.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::cni {

RequestedIps read_requested_ips(const Request& request,
                                const std::vector<std::string_view>& known_args,
                                const ObjectReader& keys, Problems& problems) {
  RequestedIps requested;
  if (auto args = parse_args(request.args, known_args)) {
    requested.args = *std::move(args);
  } else {
    problems.add(args.error().message);
  }
  keys.child("args").child("cni").read("ips", requested.convention);
  keys.child("runtimeConfig").read("ips", requested.capability);
  return requested;
}

void check_room_in_result(std::string_view version, std::span<const IpAddress> addresses,
                          Problems& problems) {
  const auto parsed = parse_version(version);
  if (parsed && *parsed >= Version{.major = 0, .minor = 3}) return;
  const auto v4 = std::ranges::count_if(addresses, &IpAddress::is_v4);
  if (v4 <= 1 && std::ssize(addresses) - v4 <= 1) return;
  problems.add(format("CNI version {} does not support more than 1 address per family", version));
}

}  // namespace netctl::cni

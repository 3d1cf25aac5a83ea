#include "ipam/static/config.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "runtime-core/cni/ipam.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/result_json.hpp"

namespace netctl::static_ipam {
namespace {

using cni::ObjectReader;
using cni::Problems;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// "10.0.0.5/24, fd00::5/64": the pieces between the commas. Nothing in an empty text.
std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> pieces;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    pieces.push_back(trimmed(list.substr(0, comma)));
    list.remove_prefix(comma);
    if (list.empty()) break;
    list.remove_prefix(1);
    if (list.empty()) pieces.emplace_back();
  }
  return pieces;
}

// The text as an address, or the problem in the words for the place where it stands.
void add_address(std::string_view text, std::string_view place, std::vector<cni::Ip>& addresses,
                 Problems& problems) {
  if (const auto prefix = parse_ip_prefix(text)) {
    addresses.push_back({.address = *prefix});
  } else {
    problems.add(format("{} in CIDR notation, got: '{}'", place, text));
  }
}

std::vector<cni::Ip> read_configured(const ObjectReader& ipam, Problems& problems) {
  std::vector<cni::Ip> addresses;
  for (const ObjectReader& keys : ipam.children("addresses")) {
    std::string text;
    keys.read("address", text);
    const std::size_t before = addresses.size();
    add_address(text, "the 'address' field is expected to be", addresses, problems);
    if (addresses.size() > before) keys.read("gateway", addresses.back().gateway);
  }
  return addresses;
}

// Each gateway of CNI_ARGS is that of the addresses whose network it lies in. A gateway that is
// written beside an address in the config stays: who wrote it meant this address.
void add_gateways(std::string_view list, std::vector<cni::Ip>& addresses, std::size_t configured,
                  Problems& problems) {
  for (const std::string_view text : split(list)) {
    const auto gateway = parse_ip_address(text);
    if (!gateway) {
      problems.add(format("invalid gateway address: {}", text));
      continue;
    }
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const bool is_settled = i < configured && addresses[i].gateway;
      if (!is_settled && addresses[i].address.contains(*gateway)) addresses[i].gateway = *gateway;
    }
  }
}

std::string_view value_of(const std::map<std::string, std::string>& args, const char* key) {
  const auto found = args.find(key);
  return found == args.end() ? std::string_view() : found->second;
}

std::vector<cni::Ip> read_addresses(const cni::Request& request, const ObjectReader& keys,
                                    Problems& problems) {
  const auto asked = cni::read_requested_ips(request, {"IP", "GATEWAY"}, keys, problems);
  std::vector<cni::Ip> addresses;
  const auto& instead = asked.capability.empty() ? asked.convention : asked.capability;
  for (const std::string& text : instead) {
    add_address(text, "an entry in the 'ips' field is NOT", addresses, problems);
  }
  if (!instead.empty()) return addresses;

  addresses = read_configured(keys.child("ipam"), problems);
  const std::size_t configured = addresses.size();
  for (const std::string_view text : split(value_of(asked.args, "IP"))) {
    add_address(text, "the 'ip' field is expected to be", addresses, problems);
  }
  add_gateways(value_of(asked.args, "GATEWAY"), addresses, configured, problems);
  return addresses;
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  Config config;
  Problems problems;
  const ObjectReader keys(*request.config, problems);
  const ObjectReader ipam = keys.child("ipam");
  if (!keys.has("ipam")) problems.add("IPAM config missing 'ipam' key");
  config.addresses = read_addresses(request, keys, problems);
  config.routes = cni::read_routes(ipam, "routes");
  config.dns = cni::read_dns(ipam.child("dns"));
  std::vector<IpAddress> all;
  for (const cni::Ip& ip : config.addresses) all.push_back(ip.address.address);
  cni::check_room_in_result(request.cni_version, all, problems);
  TRY(problems.status());
  return config;
}

}  // namespace netctl::static_ipam

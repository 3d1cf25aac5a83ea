#include "netctl/network_create.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <optional>

#include "netctl/config.hpp"
#include "netctl/default_networks.hpp"
#include "netctl/network.hpp"
#include "netctl/networks.hpp"
#include "netctl/output.hpp"
#include "netctl/subnets.hpp"
#include "runtime-core/addr/if_name.hpp"
#include "runtime-core/attach/policy.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::command {
namespace {

// Behind what orchestrators' own files begin with: some take the first file for their only network.
constexpr std::string_view kFilePrefix = "90-";
constexpr std::uint32_t kMaxMtu = 65535;

using KeyValue = std::pair<std::string, std::string>;

Result<KeyValue> parse_key_value(const std::string& text, std::string_view flag) {
  const auto equals = text.find('=');
  if (equals != 0 && equals != text.npos) {
    return KeyValue(text.substr(0, equals), text.substr(equals + 1));
  }
  return fail(Errc::InvalidArgument, "{} \"{}\": write KEY=VALUE", flag, text);
}

template <class T>
Result<T> parse_number(const std::string& text, T max, std::string_view what) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto [stop, refused] = std::from_chars(text.data(), end, number);
  if (refused == std::errc() && stop == end && number <= max) return number;
  return fail(Errc::InvalidArgument, "{} \"{}\" is not a number from 0 to {}", what, text, max);
}

Result<bool> parse_bool(const std::string& text, std::string_view what) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return fail(Errc::InvalidArgument, "{} \"{}\" is not true or false", what, text);
}

// --- options --------------------------------------------------------------------------------

Result<std::string> gateway_mode(const std::string& text) {
  return std::string(attach::to_text(TRY(attach::parse_gateway_mode(text))));
}

Status apply_option(NewNetwork& network, const std::string& text) {
  const auto [key, value] = TRY(parse_key_value(text, "-o"));
  if (key == "mtu" || key == "com.docker.network.driver.mtu") {
    network.mtu = TRY(parse_number(value, kMaxMtu, key));
  } else if (key == "isolate") {
    network.isolate = value;
    if (value != "strict" && !TRY(parse_bool(value, key))) network.isolate.clear();
    if (value == "1") network.isolate = "true";
  } else if (key == "no_default_route") {
    network.default_route = !TRY(parse_bool(value, key));
  } else if (key == "flow_table") {
    network.flow_table = TRY(parse_bool(value, key));
  } else if (key == "gateway_mode") {
    network.gateway_mode = TRY(gateway_mode(value));
  } else if (key == "com.docker.network.bridge.gateway_mode_ipv4") {
    network.gateway_mode_v4 = TRY(gateway_mode(value));
  } else if (key == "com.docker.network.bridge.gateway_mode_ipv6") {
    network.gateway_mode_v6 = TRY(gateway_mode(value));
  } else if (key == "com.docker.network.bridge.name") {
    network.bridge = value;
  } else if (key == "com.docker.network.bridge.enable_ip_masquerade") {
    network.masquerade = TRY(parse_bool(value, key));
  } else if (key == "com.docker.network.bridge.enable_icc") {
    network.isolated_containers = !TRY(parse_bool(value, key));
  } else {
    return fail(
        Errc::InvalidArgument,
        "unsupported bridge network option: {}; there are mtu, isolate, gateway_mode, "
        "no_default_route, flow_table, and of com.docker.network.: driver.mtu, bridge.name, "
        "bridge.enable_ip_masquerade, bridge.enable_icc, bridge.gateway_mode_ipv4, "
        "bridge.gateway_mode_ipv6",
        key);
  }
  return ok();
}

Result<NewRoute> parse_route(const std::string& text) {
  const auto comma = text.find(',');
  if (comma == text.npos) {
    return fail(Errc::InvalidArgument, "--route \"{}\": write DESTINATION,GATEWAY[,METRIC]", text);
  }
  const auto second = std::min(text.find(',', comma + 1), text.size());
  NewRoute route;
  route.destination = TRY(parse_ip_prefix(text.substr(0, comma)).context("--route"));
  route.gateway =
      TRY(parse_ip_address(text.substr(comma + 1, second - comma - 1)).context("--route"));
  if (second < text.size()) {
    route.metric = TRY(parse_number(text.substr(second + 1), UINT32_MAX, "--route: metric"));
  }
  if (route.gateway->family() == route.destination.address.family()) return route;
  return fail(Errc::InvalidArgument,
              "--route \"{}\": destination and gateway are not of one family", text);
}

// --- subnets --------------------------------------------------------------------------------

Result<NewSubnet> parse_subnet(const std::string& text) {
  const IpPrefix subnet = TRY(parse_ip_prefix(text).context("--subnet"));
  if (subnet.masked() != subnet) {
    return fail(Errc::InvalidArgument, "invalid subnet {}: it should be {}", text,
                subnet.masked().to_text());
  }
  if (subnet.length + 2 > subnet.address.bits()) {
    return fail(Errc::InvalidArgument, "subnet {} is too small to give addresses from", text);
  }
  return NewSubnet{.subnet = subnet};
}

// The subnet that the whole of `first` to `last` lies in.
NewSubnet* find_subnet(std::vector<NewSubnet>& subnets, const IpAddress& first,
                       const IpAddress& last) {
  const auto found = std::ranges::find_if(subnets, [&](const NewSubnet& each) {
    return each.subnet.contains(first) && each.subnet.contains(last);
  });
  return found == subnets.end() ? nullptr : &*found;
}

Status apply_gateway(std::vector<NewSubnet>& subnets, const std::string& text) {
  const IpAddress gateway = TRY(parse_ip_address(text).context("--gateway"));
  NewSubnet* subnet = find_subnet(subnets, gateway, gateway);
  if (!subnet) {
    return fail(Errc::InvalidArgument, "no matching subnet for gateway {}: give it with --subnet",
                text);
  }
  if (subnet->gateway) {
    return fail(Errc::InvalidArgument, "subnet {} has two gateways: {} and {}",
                subnet->subnet.to_text(), subnet->gateway->to_text(), text);
  }
  subnet->gateway = gateway;
  return ok();
}

struct AddressRange {
  IpAddress first{};
  IpAddress last{};
};

Result<AddressRange> parse_range(const std::string& text) {
  const auto dash = text.find('-');
  if (dash != text.npos) {
    const IpAddress first = TRY(parse_ip_address(text.substr(0, dash)).context("--ip-range"));
    const IpAddress last = TRY(parse_ip_address(text.substr(dash + 1)).context("--ip-range"));
    if (first <= last) return AddressRange{.first = first, .last = last};
    return fail(Errc::InvalidArgument, "--ip-range \"{}\" ends before it begins", text);
  }
  const IpPrefix prefix = TRY(parse_ip_prefix(text).context("--ip-range"));
  return AddressRange{.first = prefix.network(), .last = prefix.last()};
}

Status apply_range(std::vector<NewSubnet>& subnets, const std::string& text) {
  const auto [first, last] = TRY(parse_range(text));
  NewSubnet* subnet = find_subnet(subnets, first, last);
  if (!subnet) {
    return fail(Errc::InvalidArgument, "no matching subnet for range {}: give it with --subnet",
                text);
  }
  if (subnet->first) {
    return fail(Errc::InvalidArgument, "subnet {} has two ranges", subnet->subnet.to_text());
  }
  // The network's own address and the broadcast address are nobody's.
  const bool v4 = first.is_v4();
  subnet->first = first == subnet->subnet.network() ? first.next() : first;
  subnet->last = v4 && last == subnet->subnet.last() ? last.previous() : last;
  return ok();
}

// Docker's auxiliary addresses have names, which nobody asks for.
Status apply_exclusion(std::vector<NewSubnet>& subnets, const std::string& text) {
  const auto equals = text.find('=');
  const std::string number = equals == text.npos ? text : text.substr(equals + 1);
  const IpAddress address = TRY(parse_ip_address(number).context("--aux-address"));
  NewSubnet* subnet = find_subnet(subnets, address, address);
  if (!subnet) {
    return fail(Errc::InvalidArgument,
                "no matching subnet for aux-address {}: give it with --subnet", number);
  }
  subnet->excluded.push_back(address);
  return ok();
}

Status check_free(const std::vector<NewSubnet>& subnets, const std::vector<Taken>& taken) {
  ErrorList errors;
  for (std::size_t i = 0; i < subnets.size(); ++i) {
    const IpPrefix& subnet = subnets[i].subnet;
    for (std::size_t j = 0; j < i; ++j) {
      if (!subnet.overlaps(subnets[j].subnet)) continue;
      errors.add(fail(Errc::InvalidArgument, "overlapping subnets: {} and {}",
                      subnets[j].subnet.to_text(), subnet.to_text()));
    }
    if (const Taken* holder = find_overlap(taken, subnet)) {
      errors.add(fail(Errc::Exists, "subnet {} overlaps {}, {}: choose another", subnet.to_text(),
                      holder->subnet.to_text(), holder->holder));
    }
  }
  return errors.status();
}

Status choose_subnets(std::vector<NewSubnet>& subnets, bool ipv6, const std::vector<Taken>& taken) {
  const auto has = [&](Family family) {
    return std::ranges::any_of(
        subnets, [&](const NewSubnet& each) { return each.subnet.address.family() == family; });
  };
  if (subnets.empty()) subnets.push_back({.subnet = TRY(choose_subnet(taken))});
  if (ipv6 && !has(Family::V6)) subnets.push_back({.subnet = TRY(choose_subnet_v6(taken))});
  return ok();
}

// --- the whole ------------------------------------------------------------------------------

void check_gateway_modes(const NewNetwork& network, ErrorList& errors) {
  for (const std::string* mode :
       {&network.gateway_mode, &network.gateway_mode_v4, &network.gateway_mode_v6}) {
    if (*mode == "isolated" && !network.internal) {
      errors.add(fail(Errc::InvalidArgument, "gateway mode isolated is for --internal networks"));
    }
    if (network.internal && !mode->empty() && *mode != "isolated") {
      errors.add(
          fail(Errc::InvalidArgument, "an --internal network cannot have gateway mode {}", *mode));
    }
  }
}

// What the request says by itself, without a look at the host.
Result<NewNetwork> read_request(const CreateRequest& request) {
  NewNetwork network{.name = request.name,
                     .bridge = request.bridge,
                     .nameservers = request.dns,
                     .created = utc_text(std::time(nullptr)),
                     .internal = request.internal};
  ErrorList errors;
  const auto keep = [&](Status status) { errors.keep(std::move(status)); };
  if (!request.name.empty()) keep(cni::check_network_name(request.name));
  if (request.driver != "bridge") {
    keep(fail(Errc::InvalidArgument, "driver \"{}\": networks can be created for bridge",
              request.driver));
  }
  if (request.ipam != "host-local" && request.ipam != "none") {
    keep(fail(Errc::InvalidArgument, "--ipam-driver \"{}\": there are host-local and none",
              request.ipam));
  }
  for (const std::string& text : request.options) keep(apply_option(network, text));
  for (const std::string& text : request.labels) {
    auto label = parse_key_value(text, "--label");
    if (label) network.labels.insert(*label);
    if (!label) errors.add(label.error());
  }
  for (const std::string& text : request.dns) {
    if (auto address = parse_ip_address(text); !address) {
      errors.add(std::move(address).context("--dns").error());
    }
  }
  for (const std::string& text : request.subnets) {
    auto subnet = parse_subnet(text);
    if (subnet) network.subnets.push_back(*subnet);
    if (!subnet) errors.add(subnet.error());
  }
  for (const std::string& text : request.gateways) keep(apply_gateway(network.subnets, text));
  for (const std::string& text : request.ip_ranges) keep(apply_range(network.subnets, text));
  for (const std::string& text : request.excluded) keep(apply_exclusion(network.subnets, text));
  for (const std::string& text : request.routes) {
    auto route = parse_route(text);
    if (route) network.routes.push_back(*route);
    if (!route) errors.add(route.error());
  }
  if (request.ipam == "none") {
    network.ipam.clear();
    if (network.flow_table) {
      keep(fail(
          Errc::InvalidArgument,
          "flow_table is for what the host forwards, which is nothing with --ipam-driver none"));
    }
    if (!network.subnets.empty()) {
      keep(fail(Errc::InvalidArgument,
                "no addresses are given (--ipam-driver none), but there are "
                "subnets"));
    }
  }
  if (!network.bridge.empty()) keep(check_if_name(network.bridge).context("--interface-name"));
  check_gateway_modes(network, errors);
  TRY(errors.status());
  return network;
}

std::string first_free_name(const std::vector<cni::NetworkConfig>& networks) {
  for (int i = 1;; ++i) {
    std::string name = format("netctl{}", i);
    if (std::ranges::find(networks, name, &cni::NetworkConfig::name) == networks.end()) return name;
  }
}

// A bridge of the administrator's may be meant; one that another network has, or something that is
// no bridge, cannot be.
Status check_bridge(rtnl::RouteSocket& host, const NewNetwork& network,
                    const std::vector<cni::NetworkConfig>& networks) {
  for (const cni::NetworkConfig& each : networks) {
    if (network_facts(each).bridge != network.bridge) continue;
    return fail(Errc::Exists, "bridge name {} already in use by network \"{}\"", network.bridge,
                each.name);
  }
  const auto link = TRY(host.find_link(network.bridge));
  if (!link || link->kind == "bridge") return ok();
  return fail(Errc::Exists, "{} exists and is not a bridge: choose another --interface-name",
              network.bridge);
}

Status complete(NewNetwork& network, const CreateRequest& request,
                const std::vector<cni::NetworkConfig>& networks) {
  if (network.name.empty()) network.name = first_free_name(networks);
  if (network.bridge.empty()) network.bridge = bridge_of(network.name);
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  TRY(check_bridge(host, network, networks));
  if (network.ipam.empty()) return ok();
  const auto taken = TRY(taken_subnets(host, networks));
  TRY(check_free(network.subnets, taken));
  return choose_subnets(network.subnets, request.ipv6, taken);
}

// Two that create networks at once must not choose the same subnet.
Result<sys::FileLock> lock_configs(const std::string& directory) {
  TRY(sys::ensure_directory(directory, 0755));
  return sys::FileLock::of_directory(directory);
}

// Whether the name is taken: an error, unless --ignore.
Result<bool> is_taken(const CreateRequest& request,
                      const std::vector<cni::NetworkConfig>& networks) {
  const bool taken =
      is_default_network(request.name) ||
      std::ranges::find(networks, request.name, &cni::NetworkConfig::name) != networks.end();
  if (!taken || request.ignore) return taken;
  return fail(Errc::Exists, "network with name {} already exists", request.name);
}

}  // namespace

Status create_network(const Settings& settings, const CreateRequest& request) {
  NewNetwork network = TRY(read_request(request));
  std::optional<sys::FileLock> lock;
  if (!request.dry_run) lock = TRY(lock_configs(settings.config_directory));
  const auto networks = TRY(all_configured_networks(settings));
  if (TRY(is_taken(request, networks))) return print(network_id(request.name) + "\n");
  TRY(complete(network, request, networks));
  const std::string json = network_json(network);
  if (request.dry_run) return print(json);
  const std::string path =
      format("{}/{}{}.conflist", settings.config_directory, kFilePrefix, network.name);
  TRY(sys::replace_file(path, json, 0644));
  return print(network_id(network.name) + "\n");
}

}  // namespace netctl::command

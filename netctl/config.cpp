#include "netctl/config.hpp"

#include "runtime-core/cni/json.hpp"

namespace netctl::command {
namespace {

using cni::Json;
using cni::ObjectReader;

// --- reading --------------------------------------------------------------------------------

void read_subnet(const ObjectReader& range, std::vector<IpPrefix>& subnets) {
  IpPrefix subnet;
  if (range.read("subnet", subnet)) subnets.push_back(subnet);
}

void read_labels(const ObjectReader& plugin, std::map<std::string, std::string>& labels) {
  const ObjectReader args = plugin.child("args");
  args.read("podman_labels", labels);
  for (const ObjectReader& label : args.child("cni").children("labels")) {
    std::string key;
    std::string value;
    label.read("key", key);
    label.read("value", value);
    if (!key.empty()) labels[key] = value;
  }
}

void read_plugin(const ObjectReader& plugin, NetworkFacts& facts) {
  plugin.read("bridge", facts.bridge);
  plugin.read("internal", facts.internal);
  plugin.read("ipMasq", facts.masquerade);
  const ObjectReader ipam = plugin.child("ipam");
  read_subnet(ipam, facts.subnets);
  for (const auto& set : ipam.lists_of_children("ranges")) {
    for (const ObjectReader& range : set) read_subnet(range, facts.subnets);
  }
  read_labels(plugin, facts.labels);
}

// --- writing --------------------------------------------------------------------------------

Json range_of(const NewSubnet& subnet) {
  Json range{{"subnet", subnet.subnet.masked().to_text()}};
  if (subnet.first) range["rangeStart"] = subnet.first->to_text();
  if (subnet.last) range["rangeEnd"] = subnet.last->to_text();
  if (subnet.gateway) range["gateway"] = subnet.gateway->to_text();
  for (const IpAddress& address : subnet.excluded) range["exclude"].push_back(address.to_text());
  return range;
}

Json route_of(const NewRoute& route) {
  Json object{{"dst", route.destination.to_text()}};
  if (route.gateway) object["gw"] = route.gateway->to_text();
  if (route.metric != 0) object["priority"] = route.metric;
  return object;
}

Json ipam_of(const NewNetwork& network) {
  Json ranges = Json::array();
  for (const NewSubnet& subnet : network.subnets) {
    ranges.push_back(Json::array({range_of(subnet)}));
  }
  Json ipam{{"type", network.ipam}, {"ranges", std::move(ranges)}};
  if (network.routes.empty()) return ipam;
  Json& routes = ipam["routes"] = Json::array();
  for (const NewRoute& route : network.routes) routes.push_back(route_of(route));
  return ipam;
}

Json labels_of(const NewNetwork& network) {
  Json labels = Json::array();
  for (const auto& [key, value] : network.labels) {
    labels.push_back(Json{{"key", key}, {"value", value}});
  }
  return labels;
}

// An address leads to a container of such a network only where it is asked for.
void write_gateway_modes(const NewNetwork& network, Json& plugin) {
  const std::string usual = network.internal ? "" : "nat";
  const std::string& both = network.gateway_mode.empty() ? usual : network.gateway_mode;
  const std::string& v4 = network.gateway_mode_v4.empty() ? both : network.gateway_mode_v4;
  const std::string& v6 = network.gateway_mode_v6.empty() ? both : network.gateway_mode_v6;
  if (!v4.empty()) plugin["gatewayModeV4"] = v4;
  if (!v6.empty()) plugin["gatewayModeV6"] = v6;
}

Json bridge_plugin(const NewNetwork& network) {
  Json plugin{{"type", "bridge"}, {"bridge", network.bridge}};
  if (!network.ipam.empty()) {
    write_gateway_modes(network, plugin);
    if (network.internal) {
      plugin["isGateway"] = true;
    } else {
      plugin[network.default_route ? "isDefaultGateway" : "isGateway"] = true;
      plugin["ipMasq"] = network.masquerade;
      plugin["hairpinMode"] = true;
    }
  }
  if (network.internal) plugin["internal"] = true;
  if (network.isolate == "strict") plugin["isolate"] = network.isolate;
  if (network.isolate == "true") plugin["isolate"] = true;
  if (network.isolated_containers) plugin["icc"] = false;
  if (network.flow_table) plugin["flowTable"] = true;
  if (network.mtu != 0) plugin["mtu"] = network.mtu;
  if (!network.nameservers.empty()) plugin["dns"] = Json{{"nameservers", network.nameservers}};
  if (!network.labels.empty()) {
    plugin["args"] = Json{{"cni", Json{{"labels", labels_of(network)}}}};
  }
  plugin["capabilities"] = Json{{"ips", true}, {"mac", true}};
  if (!network.ipam.empty()) plugin["ipam"] = ipam_of(network);
  return plugin;
}

}  // namespace

NetworkFacts network_facts(const cni::NetworkConfig& network) {
  NetworkFacts facts{.driver = network.plugins.front().type};
  cni::Problems ignored;
  for (const cni::PluginConfig& plugin : network.plugins) {
    facts.plugins.push_back(plugin.type);
    read_plugin(ObjectReader(*plugin.config, ignored), facts);
  }
  if (const auto list = cni::parse_json(network.text)) {
    ObjectReader(&*list, "", ignored).child("netctl").read("created", facts.created);
  }
  return facts;
}

std::string network_json(const NewNetwork& network) {
  Json plugins = Json::array({bridge_plugin(network)});
  if (!network.ipam.empty()) {
    Json portmap{{"type", "portmap"}, {"capabilities", Json{{"portMappings", true}}}};
    write_gateway_modes(network, portmap);
    plugins.push_back(std::move(portmap));
    plugins.push_back(Json{{"type", "firewall"}});
  }
  const Json list{{"cniVersion", "1.0.0"},
                  {"cniVersions", Json::array({"1.0.0", "1.1.0"})},
                  {"name", network.name},
                  {"netctl", Json{{"created", network.created}}},
                  {"plugins", std::move(plugins)}};
  return cni::dump_json(list, 2) + "\n";
}

}  // namespace netctl::command

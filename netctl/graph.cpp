#include "netctl/graph.hpp"

#include <unistd.h>

#include <algorithm>

#include "netctl/watch.hpp"
#include "runtime-core/cni/json_text.hpp"

namespace netctl::command {
namespace {

using cni::json_list;
using cni::json_object;
using cni::json_string;
using cni::json_strings;

std::string json_bool(bool value) { return value ? "true" : "false"; }

template <class Things, class ToJson>
std::string list_json(const Things& things, ToJson to_json) {
  std::vector<std::string> values;
  values.reserve(things.size());
  for (const auto& each : things) values.push_back(to_json(each));
  return json_list(values);
}

std::string route_json(const GraphRoute& route) {
  return json_object(
      {{"destination", json_string(route.destination)}, {"gateway", json_string(route.gateway)}});
}

std::string link_json(const GraphLink& link) {
  return json_object({{"name", json_string(link.name)},
                      {"state", json_string(link.state)},
                      {"addresses", json_strings(link.addresses)},
                      {"routes", list_json(link.routes, route_json)}});
}

std::string graph_network_json(const GraphNetwork& network) {
  return json_object({{"name", json_string(network.name)},
                      {"driver", json_string(network.driver)},
                      {"network", json_bool(network.is_ours)},
                      {"device", json_string(network.device)},
                      {"state", json_string(network.state)},
                      {"addresses", json_strings(network.addresses)},
                      {"subnets", json_strings(network.subnets)},
                      {"internal", json_bool(network.internal)},
                      {"masquerade", json_bool(network.masquerade)},
                      {"otherPorts", json_strings(network.other_ports)}});
}

std::string port_json(const GraphPort& port) {
  return json_object({{"host", json_string(port.host)},
                      {"inside", json_string(port.inside)},
                      {"outside", json_bool(port.outside)}});
}

std::string endpoint_json(const GraphEndpoint& endpoint) {
  return json_object({{"network", json_string(endpoint.network)},
                      {"interface", json_string(endpoint.ifname)},
                      {"state", json_string(endpoint.state)},
                      {"addresses", json_strings(endpoint.addresses)},
                      {"hostInterface", json_string(endpoint.host_end)},
                      {"ports", list_json(endpoint.ports, port_json)}});
}

std::string container_json(const GraphContainer& container) {
  return json_object({{"name", json_string(container.name)},
                      {"state", json_string(container.state)},
                      {"path", json_string(container.path)},
                      {"endpoints", list_json(container.endpoints, endpoint_json)},
                      {"joined", json_strings(container.joined)}});
}

Result<std::string> drawn(const Settings& settings, GraphForm form) {
  const Graph graph = TRY(read_graph(settings));
  switch (form) {
    case GraphForm::Dot:
      return graph_dot(graph);
    case GraphForm::Svg:
      return graph_svg(graph);
    case GraphForm::Json:
      return TRY(cni::indent_json(graph_json(graph))) + "\n";
    case GraphForm::Yaml:
      return cni::to_yaml(graph_json(graph));
    case GraphForm::Tree:
      break;
  }
  return graph_tree(graph, screen_of(STDOUT_FILENO));
}

}  // namespace

std::string graph_json(const Graph& graph) {
  return json_object({{"host", json_string(graph.host)},
                      {"links", list_json(graph.links, link_json)},
                      {"networks", list_json(graph.networks, graph_network_json)},
                      {"containers", list_json(graph.containers, container_json)}});
}

std::string network_kind(const GraphNetwork& network) {
  std::string kind = network.driver;
  if (network.driver == network.name && network.device.empty()) kind.clear();
  for (const std::string& each : {network.device, network.state}) {
    if (!each.empty() && each != network.name) kind += (kind.empty() ? "" : " ") + each;
  }
  return kind;
}

std::string network_policy(const GraphNetwork& network) {
  return network.internal ? "internal" : network.masquerade ? "masqueraded" : "";
}

std::vector<PortText> port_texts(const GraphEndpoint& endpoint) {
  std::vector<PortText> texts;
  for (const GraphPort& port : endpoint.ports) {
    std::string host = port.host;
    for (const std::string_view any : {"0.0.0.0:", "[::]:"}) {
      if (host.starts_with(any)) host.erase(0, any.size());
    }
    PortText text{.text = host + " → " + port.inside,
                  .note = port.outside ? "" : "from this host only"};
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  return texts;
}

Status show_graph(const Settings& settings, const GraphOptions& options) {
  const auto draw = [&] { return drawn(settings, options.form); };
  if (!options.watch) return print(TRY(draw()));
  Changes changes = attachment_changes(settings);
  changes.directories.push_back(settings.config_directory);
  changes.directories.push_back(settings.run_directory + "/containers");
  return watch(changes, draw);
}

}  // namespace netctl::command

#include <algorithm>

#include "netctl/graph.hpp"
#include "netctl/text.hpp"

namespace netctl::command {
namespace {

// A text inside of quotes (the DOT language: only the quote needs an escape; labels have others,
// which begin with a backslash).
std::string dot_escaped(std::string_view text) {
  std::string out;
  for (const char each : on_one_line(text)) {
    if (each == '"' || each == '\\') out += '\\';
    out += each;
  }
  return out;
}

// Lines to the left; \l is what ends them.
std::string label_of(const std::vector<std::string>& lines) {
  std::string label;
  for (const std::string& line : lines) {
    if (!line.empty()) label += dot_escaped(line) + "\\l";
  }
  return label;
}

std::string node(const std::string& id, const std::vector<std::string>& lines,
                 std::string_view more) {
  return format("  \"{}\" [label=\"{}\"{}];\n", dot_escaped(id), label_of(lines), more);
}

std::string edge(const std::string& from, const std::string& to, const std::string& label,
                 std::string_view more) {
  return format("  \"{}\" -- \"{}\" [label=\"{}\"{}];\n", dot_escaped(from), dot_escaped(to),
                dot_escaped(label), more);
}

std::string host_part(const Graph& graph) {
  std::vector<std::string> lines{graph.host};
  std::string routes;
  for (const GraphLink& link : graph.links) {
    lines.push_back(link.name);
    for (const std::string& address : link.addresses) lines.push_back("  " + address);
    for (const GraphRoute& route : link.routes) {
      const std::string id = "way " + (route.gateway.empty() ? link.name : route.gateway);
      routes += node(id, {route.gateway.empty() ? "link of " + link.name : route.gateway},
                     ", shape=ellipse");
      routes += edge(id, "host", route.destination, "");
    }
  }
  return node("host", lines, ", style=\"rounded,bold\"") + routes;
}

std::string network_part(const GraphNetwork& network) {
  std::vector<std::string> lines{network.name, network_kind(network)};
  const auto& addresses = network.addresses.empty() ? network.subnets : network.addresses;
  lines.insert(lines.end(), addresses.begin(), addresses.end());
  lines.push_back(network_policy(network));
  for (const std::string& port : network.other_ports) lines.push_back("port " + port);
  const std::string id = "network " + network.name;
  std::string text = node(id, lines, network.is_ours ? "" : ", style=\"rounded,dashed\"");
  if (network.driver != "none") {
    text += edge("host", id, "", network.internal ? ", style=dashed" : "");
  }
  return text;
}

std::string container_part(const GraphContainer& container, std::size_t number) {
  const std::string id = format("container {}", number);  // names may be there twice
  std::vector<std::string> lines{container.name, container.state};
  for (const GraphEndpoint& endpoint : container.endpoints) {
    for (const PortText& port : port_texts(endpoint)) lines.push_back(port.text);
  }
  for (const std::string& each : container.joined) lines.push_back("with " + each);
  std::string text = node(id, lines, "");
  for (const GraphEndpoint& endpoint : container.endpoints) {
    std::string label = endpoint.ifname;
    for (const std::string& address : endpoint.addresses) label += " " + address;
    text += edge("network " + endpoint.network, id, label, "");
  }
  return text;
}

}  // namespace

std::string graph_dot(const Graph& graph) {
  std::string text =
      "graph netctl {\n"
      "  rankdir=LR;\n"
      "  node [shape=box, style=rounded, fontname=\"monospace\", fontsize=11];\n"
      "  edge [fontname=\"monospace\", fontsize=9, color=\"#64748b\"];\n";
  text += host_part(graph);
  for (const GraphNetwork& each : graph.networks) text += network_part(each);
  for (std::size_t i = 0; i < graph.containers.size(); ++i) {
    text += container_part(graph.containers[i], i);
  }
  return text + "}\n";
}

}  // namespace netctl::command

#include <algorithm>

#include "netctl/graph.hpp"
#include "netctl/text.hpp"

namespace netctl::command {
namespace {

// One line of the tree and what hangs on it.
struct Branch {
  std::string name{};
  std::string rest{};   // behind the name
  std::string state{};  // behind that
  std::vector<Branch> below{};
};

Branch link_branch(const GraphLink& link) {
  Branch branch{.name = link.name, .rest = joined(link.addresses, ", "), .state = link.state};
  for (const GraphRoute& route : link.routes) {
    const std::string via = route.gateway.empty() ? "" : "via " + route.gateway;
    branch.below.push_back({.name = route.destination, .rest = via});
  }
  return branch;
}

// Under a network a container stands with what it has there.
Branch container_branch(const GraphContainer& container, const std::string& network) {
  Branch branch{.name = container.name, .state = container.state};
  for (const GraphEndpoint& endpoint : container.endpoints) {
    if (endpoint.network != network) {
      branch.rest += (branch.rest.empty() ? "also in " : ", ") + endpoint.network;
      continue;
    }
    Branch end{
        .name = endpoint.ifname, .rest = joined(endpoint.addresses, ", "), .state = endpoint.state};
    if (!endpoint.host_end.empty()) end.rest += " through " + endpoint.host_end;
    for (const PortText& port : port_texts(endpoint)) {
      end.below.push_back({.name = "port " + port.text, .rest = port.note});
    }
    branch.below.push_back(std::move(end));
  }
  for (const std::string& each : container.joined) {
    branch.below.push_back({.name = each, .rest = "uses this network"});
  }
  return branch;
}

bool is_in(const GraphContainer& container, const std::string& network) {
  return std::ranges::find(container.endpoints, network, &GraphEndpoint::network) !=
         container.endpoints.end();
}

Branch network_branch(const Graph& graph, const GraphNetwork& network) {
  Branch branch{.name = (network.is_ours ? "network " : "bridge ") + network.name};
  std::vector<std::string> rest;
  const GraphNetwork stateless{.name = network.name,
                               .driver = network.is_ours ? network.driver : "",
                               .device = network.device};
  for (const std::string& each :
       {network_kind(stateless),
        joined(network.addresses.empty() ? network.subnets : network.addresses, ", "),
        network_policy(network)}) {
    if (!each.empty() && each != network.name) rest.push_back(each);
  }
  branch.rest = joined(rest, ", ");
  branch.state = network.state;
  for (const GraphContainer& each : graph.containers) {
    if (is_in(each, network.name)) branch.below.push_back(container_branch(each, network.name));
  }
  for (const std::string& port : network.other_ports) {
    branch.below.push_back({.name = port, .rest = "a port that no attachment has"});
  }
  return branch;
}

class Printer {
 public:
  explicit Printer(const Screen& screen) : screen_(screen) {}

  void print(const Branch& branch, const std::string& mark, const std::string& indent) {
    write(mark, branch);
    for (std::size_t i = 0; i < branch.below.size(); ++i) {
      const bool is_last = i + 1 == branch.below.size();
      print(branch.below[i], indent + (is_last ? "└─ " : "├─ "),
            indent + (is_last ? "   " : "│  "));
    }
  }

  std::string text{};

 private:
  void write(const std::string& mark, const Branch& branch) {
    std::size_t left = screen_.width == 0 ? ~std::size_t{0} : screen_.width;
    const auto put = [&](const std::string& words, Colour colour, const char* before) {
      if (words.empty() || left <= width_of(before)) return;
      left -= width_of(before);
      const std::string shown = shortened(on_one_line(words), left);
      left -= width_of(shown);
      text += before + coloured(shown, colour, screen_);
    };
    put(mark, Colour::Faint, "");
    put(branch.name, Colour::Strong, "");
    put(branch.rest, Colour::None, "  ");
    put(branch.state, colour_of_state(branch.state), "  ");
    text += "\n";
  }

  Screen screen_;
};

}  // namespace

std::string graph_tree(const Graph& graph, const Screen& screen) {
  Branch root{.name = graph.host};
  for (const GraphLink& link : graph.links) root.below.push_back(link_branch(link));
  for (const GraphNetwork& each : graph.networks) root.below.push_back(network_branch(graph, each));
  for (const GraphContainer& each : graph.containers) {
    if (!each.endpoints.empty()) continue;
    Branch branch = container_branch(each, "");
    branch.name = "namespace " + branch.name;
    branch.rest = "not attached";
    root.below.push_back(std::move(branch));
  }
  Printer printer(screen);
  printer.print(root, "", "");
  return printer.text;
}

}  // namespace netctl::command

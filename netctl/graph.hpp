#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "netctl/table.hpp"
#include "runtime-core/base/result.hpp"

// `netctl graph`: the host's container network as a picture. One model, read from the kernel, the
// config directory, the result cache and what is known of containers; a printer for each form.
namespace netctl::command {

// A way out of the host: "default" or a prefix, by a router, or straight on the link.
struct GraphRoute {
  std::string destination{};
  std::string gateway{};
};

// An interface of the host that is no part of a network below.
struct GraphLink {
  std::string name{};
  std::string state{};  // "up", "down"
  std::vector<std::string> addresses{};
  std::vector<GraphRoute> routes{};
};

struct GraphNetwork {
  std::string name{};    // of the config file, or of the bridge where no network of ours has it
  std::string driver{};  // the plugin; "bridge" for a bridge of others
  bool is_ours = true;   // it is a network, and not only a bridge that is there
  std::string device{};  // the bridge; empty: none, or not there yet
  std::string state{};   // of the device
  std::vector<std::string> addresses{};  // the host's on it
  std::vector<std::string> subnets{};
  bool internal = false;
  bool masquerade = false;
  std::vector<std::string> other_ports{};  // of the bridge, that no attachment has
};

struct GraphPort {
  std::string host{};    // "0.0.0.0:8080"
  std::string inside{};  // "80/tcp"
  bool outside = false;  // others than the host reach it
};

// One attachment.
struct GraphEndpoint {
  std::string network{};  // GraphNetwork::name
  std::string ifname{};
  std::string state{};  // "up", "down", "interface gone", "namespace gone", "unknown"
  std::vector<std::string> addresses{};
  std::string host_end{};  // its interface on the host
  std::vector<GraphPort> ports{};
};

// A container, or a namespace that nothing more is known of.
struct GraphContainer {
  std::string name{};
  std::string state{};  // of one that netctl runs: "running", "exited (0)"; empty otherwise
  std::string path{};   // of its namespace; empty: the host's
  std::vector<GraphEndpoint> endpoints{};
  std::vector<std::string> joined{};  // containers that use its network (container:ID)
};

struct Graph {
  std::string host{};
  std::vector<GraphLink> links{};
  std::vector<GraphNetwork> networks{};
  std::vector<GraphContainer> containers{};
};

// What there is now. What is not allowed to be read (others' namespaces, the firewall table) is
// said in a warning and left out.
Result<Graph> read_graph(const Settings& settings);

// Printers; all take any text in the model, and give what is well formed.
std::string graph_tree(const Graph& graph, const Screen& screen);
std::string graph_dot(const Graph& graph);   // Graphviz
std::string graph_svg(const Graph& graph);   // stands alone: no script, no font, no other file
std::string graph_json(const Graph& graph);  // the model itself, on one line

enum class GraphForm { Tree, Dot, Svg, Json, Yaml };
struct GraphOptions {
  GraphForm form = GraphForm::Tree;
  bool watch = false;
};
Status show_graph(const Settings& settings, const GraphOptions& options);

// What a line says of a network behind its name: "bridge netctl0 up", "ptp", "host".
std::string network_kind(const GraphNetwork& network);
// "internal", "masqueraded": how its packets leave the host; empty: as they are.
std::string network_policy(const GraphNetwork& network);
// "8080 → 80/tcp", with the host's address where that is not any, and what is to be said of who
// reaches it, each of an endpoint once: a port is often there for both families.
struct PortText {
  std::string text{};
  std::string note{};  // "from this host only"
  bool operator==(const PortText&) const = default;
};
std::vector<PortText> port_texts(const GraphEndpoint& endpoint);

}  // namespace netctl::command

#include "netctl/graph_layout.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "netctl/text.hpp"

namespace netctl::command {
namespace {

constexpr double kMargin = 24;
constexpr double kHeadingRow = 30;
constexpr double kNarrowest = 130;  // of a column of boxes
constexpr double kGap = 14;         // between boxes of one network
constexpr double kGroupGap = 30;    // between networks
constexpr double kLane = 10;
constexpr double kBesideLanes = 26;

BoxLine line(const std::string& whole, LineStyle style, int accent = -1) {
  std::string clean = on_one_line(whole);
  std::string text = shortened(clean, kLongest);
  return {.text = std::move(text), .whole = std::move(clean), .style = style, .accent = accent};
}

double box_width(const Box& box) {
  std::size_t columns = 0;
  for (const BoxLine& each : box.lines) columns = std::max(columns, width_of(each.text));
  if (!box.state.empty()) {
    columns = std::max(columns, width_of(box.lines.front().text) + 2 + width_of(box.state));
  }
  return std::max(kNarrowest, static_cast<double>(columns) * kCharacter + 2 * kPadding);
}

double box_height(const Box& box) {
  return kPadding + kRow * static_cast<double>(box.lines.size());
}

void add_line(Box& box, const std::string& text, LineStyle style, int accent = -1) {
  if (!text.empty()) box.lines.push_back(line(text, style, accent));
}

// --- boxes ----------------------------------------------------------------------------------

Box network_box(const GraphNetwork& network, int accent) {
  Box box{.kind = BoxKind::Network,
          .state = shortened(on_one_line(network.state), 16),
          .accent = accent};
  box.is_dashed = !network.is_ours;
  box.lines.push_back(line(network.name, LineStyle::Title));
  GraphNetwork stateless = network;  // the state stands beside the title
  stateless.state.clear();
  add_line(box, network_kind(stateless), LineStyle::Faint);
  for (const auto& each : network.addresses.empty() ? network.subnets : network.addresses) {
    add_line(box, each, LineStyle::Plain);
  }
  add_line(box, network_policy(network), LineStyle::Faint);
  for (const auto& each : network.other_ports) add_line(box, "port " + each, LineStyle::Faint);
  return box;
}

class Layout {
 public:
  explicit Layout(const Graph& graph) : graph_(graph) {}

  Drawing all() {
    drawing_.top = kMargin + kHeadingRow;
    stack_groups();
    make_host();
    place_columns();
    drawing_.height = std::max(bottom_, drawing_.top + kRow) + kMargin;
    return std::move(drawing_);
  }

 private:
  // The line of a box in which a wire ends, and where it comes from.
  struct End {
    std::size_t from = 0;  // box
    std::size_t from_line = 0;
    std::size_t to = 0;
    std::size_t to_line = 0;
    int accent = -1;
    bool is_dashed = false;
    std::string tip{};
    std::size_t lane = 0;
  };

  std::size_t add(Box box, double y) {
    box.y = y;
    box.height = box_height(box);
    bottom_ = std::max(bottom_, y + box.height);
    drawing_.boxes.push_back(std::move(box));
    return drawing_.boxes.size() - 1;
  }

  std::optional<std::size_t> network_called(const std::string& name) const {
    const auto found = std::ranges::find(graph_.networks, name, &GraphNetwork::name);
    if (found == graph_.networks.end()) return std::nullopt;
    return static_cast<std::size_t>(found - graph_.networks.begin());
  }

  // Networks and containers, each container beside the network that it has first.
  void stack_groups() {
    double y = drawing_.top;
    for (std::size_t i = 0; i < graph_.networks.size(); ++i) {
      network_boxes_.push_back(add(network_box(graph_.networks[i], static_cast<int>(i)), y));
      const Box& box = drawing_.boxes.back();
      const double below = box.y + box.height + kGroupGap;
      const double next = stack_containers(i, y) + kGroupGap - kGap;
      y = std::max(below, next);
    }
    stack_containers(std::nullopt, y);
    for (const auto& [network, end] : pending_) {
      End wire = end;
      wire.from = network_boxes_[network];
      container_wires_.push_back(std::move(wire));
    }
  }

  double stack_containers(std::optional<std::size_t> network, double y) {
    for (const GraphContainer& each : graph_.containers) {
      std::optional<std::size_t> first;
      if (!each.endpoints.empty()) first = network_called(each.endpoints.front().network);
      if (first != network) continue;
      y += add_container(each, y) + kGap;
    }
    return y;
  }

  double add_container(const GraphContainer& container, double y) {
    Box box{.state = shortened(on_one_line(container.state), 16)};
    box.lines.push_back(line(container.name, LineStyle::Title));
    const std::size_t index = drawing_.boxes.size();
    for (const GraphEndpoint& endpoint : container.endpoints) {
      const auto network = network_called(endpoint.network);
      const int accent = network ? static_cast<int>(*network) : -1;
      if (network) {
        pending_.push_back(
            {*network,
             {.to = index,
              .to_line = box.lines.size(),
              .accent = accent,
              .tip = format("{}: {} {}", endpoint.network, container.name, endpoint.ifname)}});
      }
      add_endpoint(box, endpoint, accent);
    }
    for (const std::string& each : container.joined)
      add_line(box, "with " + each, LineStyle::Faint);
    if (container.endpoints.empty()) add_line(box, "not attached", LineStyle::Faint);
    add(std::move(box), y);
    return drawing_.boxes.back().height;
  }

  static void add_endpoint(Box& box, const GraphEndpoint& endpoint, int accent) {
    std::string text = endpoint.ifname;
    const bool is_well = endpoint.state.empty() || endpoint.state == "up";
    for (std::size_t i = 0; i < endpoint.addresses.size(); ++i) {
      // Further addresses stand below the first one.
      if (i > 0) text = std::string(width_of(endpoint.ifname), ' ');
      add_line(box, text + "  " + endpoint.addresses[i], LineStyle::Plain, i == 0 ? accent : -1);
    }
    if (endpoint.addresses.empty()) add_line(box, text, LineStyle::Plain, accent);
    if (!is_well) add_line(box, "  " + endpoint.state, LineStyle::Faint);
    for (const PortText& port : port_texts(endpoint)) {
      add_line(box, "  " + port.text + (port.note.empty() ? "" : "  (" + port.note + ")"),
               LineStyle::Port);
    }
  }

  // The host, and behind it the ways out.
  void make_host() {
    Box host{.kind = BoxKind::Host};
    host.lines.push_back(line(graph_.host, LineStyle::Title));
    std::vector<std::pair<Box, std::size_t>> ways;  // and the line of the host that they come to
    for (const GraphLink& link : graph_.links) {
      const std::size_t at = host.lines.size();
      add_line(host, link.name + (link.state == "up" ? "" : "  " + link.state), LineStyle::Plain);
      for (const std::string& each : link.addresses) add_line(host, "  " + each, LineStyle::Faint);
      for (const GraphRoute& route : link.routes) add_way(ways, at, link, route);
    }
    host_ = add(std::move(host), drawing_.top);
    double y = drawing_.top;
    for (auto& [box, at] : ways) {
      const std::size_t index = add(std::move(box), y);
      y += drawing_.boxes[index].height + kGap;
      way_wires_.push_back({.from = index, .to = host_, .to_line = at, .lane = way_wires_.size()});
    }
    for (std::size_t i = 0; i < graph_.networks.size(); ++i) {
      const GraphNetwork& network = graph_.networks[i];
      if (network.driver == "none") continue;
      network_wires_.push_back({.from = host_,
                                .to = network_boxes_[i],
                                .is_dashed = network.internal,
                                .tip = network.name});
    }
  }

  static void add_way(std::vector<std::pair<Box, std::size_t>>& ways, std::size_t at,
                      const GraphLink& link, const GraphRoute& route) {
    const std::string title = route.gateway.empty() ? "link of " + link.name : route.gateway;
    const auto known = std::ranges::find_if(ways, [&](const auto& each) {
      return each.second == at && each.first.lines.front().whole == on_one_line(title);
    });
    if (known != ways.end()) {
      add_line(known->first, route.destination, LineStyle::Faint);
      return;
    }
    Box box{.kind = BoxKind::Way};
    box.lines.push_back(line(title, LineStyle::Title));
    add_line(box, route.destination, LineStyle::Faint);
    ways.emplace_back(std::move(box), at);
  }

  // --- columns ------------------------------------------------------------------------------

  // Sets where the boxes of a kind begin; gives where they end.
  double place(BoxKind kind, const std::string& heading, double x) {
    double width = 0;
    for (const Box& box : drawing_.boxes) {
      if (box.kind == kind) width = std::max(width, box_width(box));
    }
    if (width == 0) return x;
    for (Box& box : drawing_.boxes) {
      if (box.kind != kind) continue;
      box.x = x;
      box.width = width;
    }
    drawing_.headings.push_back({.text = heading, .x = x});
    return x + width;
  }

  // The lowest lane that nothing else runs in at that height.
  std::size_t assign_lanes() {
    std::vector<std::pair<std::size_t, std::pair<double, double>>> spans;  // by network
    for (const End& wire : container_wires_) {
      const double y1 = drawing_.boxes[wire.from].middle_of(wire.from_line);
      const double y2 = drawing_.boxes[wire.to].middle_of(wire.to_line);
      auto known = std::ranges::find(spans, wire.from, [](const auto& each) { return each.first; });
      if (known == spans.end()) known = spans.insert(known, {wire.from, {y1, y1}});
      known->second = {std::min(known->second.first, y2), std::max(known->second.second, y2)};
    }
    std::ranges::sort(spans, {}, [](const auto& each) { return each.second.first; });
    std::vector<double> ends;  // of each lane, by now
    for (const auto& each : spans) {
      const auto& span = each.second;
      auto lane = std::ranges::find_if(ends, [&](double end) { return end + kRow < span.first; });
      if (lane == ends.end()) lane = ends.insert(lane, 0);
      *lane = span.second;
      for (End& wire : container_wires_) {
        if (wire.from == each.first) wire.lane = static_cast<std::size_t>(lane - ends.begin());
      }
    }
    return ends.size();
  }

  void connect(const std::vector<End>& ends) {
    for (const End& end : ends) {
      const Box& from = drawing_.boxes[end.from];
      const Box& to = drawing_.boxes[end.to];
      const double right = from.x + from.width;
      drawing_.wires.push_back(
          {.x1 = right,
           .y1 = from.middle_of(end.from_line),
           .lane = right + kBesideLanes + kLane * static_cast<double>(end.lane),
           .x2 = to.x,
           .y2 = to.middle_of(end.to_line),
           .accent = end.accent,
           .is_dashed = end.is_dashed,
           .tip = end.tip});
    }
  }

  // What the lanes between two columns need.
  static double room_for(std::size_t lanes) {
    if (lanes == 0) return kBesideLanes;
    return 2 * kBesideLanes + kLane * static_cast<double>(lanes - 1);
  }

  void place_columns() {
    double x = place(BoxKind::Way, "outside", kMargin);
    if (!way_wires_.empty()) x += room_for(way_wires_.size());
    x = place(BoxKind::Host, "host", x) + room_for(network_wires_.empty() ? 0 : 1);
    if (!network_boxes_.empty())
      x = place(BoxKind::Network, "networks", x) + room_for(assign_lanes());
    const double right = place(BoxKind::Container, "containers", x);
    for (const Box& box : drawing_.boxes) {
      drawing_.width = std::max(drawing_.width, box.x + box.width + kMargin);
    }
    drawing_.width = std::max(drawing_.width, right);
    connect(way_wires_);
    connect(network_wires_);
    connect(container_wires_);
  }

  const Graph& graph_;
  Drawing drawing_{};
  double bottom_ = 0;
  std::size_t host_ = 0;
  std::vector<std::size_t> network_boxes_{};
  std::vector<std::pair<std::size_t, End>> pending_{};  // network, and where in its container
  std::vector<End> way_wires_{};
  std::vector<End> network_wires_{};
  std::vector<End> container_wires_{};
};

}  // namespace

Drawing layout_of(const Graph& graph) { return Layout(graph).all(); }

}  // namespace netctl::command

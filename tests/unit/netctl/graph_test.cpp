#include "netctl/graph.hpp"

#include <algorithm>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>

#include "netctl/graph_layout.hpp"
#include "netctl/text.hpp"
#include "runtime-core/base/format.hpp"

namespace netctl::command {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Graph small() {
  return {.host = "host1",
          .links = {{.name = "eth0",
                     .state = "up",
                     .addresses = {"192.0.2.10/24"},
                     .routes = {{"default", "192.0.2.1"}, {"10.9.0.0/16", "192.0.2.1"}}}},
          .networks = {{.name = "back",
                        .driver = "bridge",
                        .device = "nc-back",
                        .state = "up",
                        .addresses = {"10.5.0.1/24"},
                        .internal = true},
                       {.name = "bridge",
                        .driver = "bridge",
                        .device = "netctl0",
                        .state = "up",
                        .addresses = {"172.17.0.1/16"},
                        .masquerade = true,
                        .other_ports = {"tap7"}},
                       {.name = "host", .driver = "host"}},
          .containers = {{.name = "idle"},
                         {.name = "sniffer", .endpoints = {{.network = "host", .ifname = "host"}}},
                         {.name = "web",
                          .state = "running",
                          .endpoints = {{.network = "bridge",
                                         .ifname = "eth0",
                                         .state = "up",
                                         .addresses = {"172.17.0.2/16", "fd00::2/64"},
                                         .host_end = "veth1",
                                         .ports = {{"0.0.0.0:8080", "80/tcp", true},
                                                   {"127.0.0.1:5353", "53/udp", false}}},
                                        {.network = "back", .ifname = "eth1", .state = "down"}},
                          .joined = {"sidecar"}}}};
}

// With `count` containers on two networks, every tenth on both.
Graph large(int count) {
  Graph graph{.host = "big",
              .networks = {{.name = "a", .driver = "bridge"}, {.name = "b", .driver = "ptp"}}};
  for (int i = 0; i < count; ++i) {
    GraphContainer each{.name = format("c{}", i)};
    each.endpoints.push_back({.network = i % 2 == 0 ? "a" : "b", .ifname = "eth0"});
    if (i % 10 == 0) each.endpoints.push_back({.network = "b", .ifname = "eth1"});
    graph.containers.push_back(std::move(each));
  }
  return graph;
}

// Names as an enemy would choose them.
constexpr const char* kNasty = "<b>&\"x\\'\n\033[31m]]>--\xff\xed\xa0\x80é";
Graph nasty() {
  return {.host = kNasty,
          .links = {{.name = kNasty, .addresses = {kNasty}, .routes = {{kNasty, kNasty}}}},
          .networks = {{.name = kNasty, .driver = kNasty, .device = kNasty, .state = kNasty}},
          .containers = {{.name = kNasty,
                          .state = kNasty,
                          .endpoints = {{.network = kNasty,
                                         .ifname = kNasty,
                                         .state = kNasty,
                                         .addresses = {kNasty},
                                         .ports = {{kNasty, kNasty, true}}},
                                        {.network = "not there", .ifname = "eth9"}},
                          .joined = {kNasty}}}};
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(GraphTree, ShowsWaysOutNetworksContainersAndPorts) {
  EXPECT_EQ(graph_tree(small(), {}),
            "host1\n"
            "├─ eth0  192.0.2.10/24  up\n"
            "│  ├─ default  via 192.0.2.1\n"
            "│  └─ 10.9.0.0/16  via 192.0.2.1\n"
            "├─ network back  bridge nc-back, 10.5.0.1/24, internal  up\n"
            "│  └─ web  also in bridge  running\n"
            "│     ├─ eth1  down\n"
            "│     └─ sidecar  uses this network\n"
            "├─ network bridge  bridge netctl0, 172.17.0.1/16, masqueraded  up\n"
            "│  ├─ web  also in back  running\n"
            "│  │  ├─ eth0  172.17.0.2/16, fd00::2/64 through veth1  up\n"
            "│  │  │  ├─ port 8080 → 80/tcp\n"
            "│  │  │  └─ port 127.0.0.1:5353 → 53/udp  from this host only\n"
            "│  │  └─ sidecar  uses this network\n"
            "│  └─ tap7  a port that no attachment has\n"
            "├─ network host\n"
            "│  └─ sniffer\n"
            "│     └─ host\n"
            "└─ namespace idle  not attached\n");
}

TEST(GraphTree, IsNoWiderThanTheScreen) {
  std::istringstream lines(graph_tree(small(), {.width = 30}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(width_of(line), 30U) << line;
}

TEST(GraphTree, HasAnEmptyHostAndNoControlCharacters) {
  EXPECT_EQ(graph_tree({.host = "h"}, {}), "h\n");
  EXPECT_THAT(graph_tree(nasty(), {}), Not(HasSubstr("\033")));
}

TEST(GraphDot, HasANodeForEachThingAndAnEdgeForEachAttachment) {
  const std::string dot = graph_dot(small());
  EXPECT_THAT(dot, testing::StartsWith("graph netctl {\n"));
  EXPECT_THAT(dot, HasSubstr(R"("network bridge" [label="bridge\lbridge netctl0 up\l172.17.0.1)"));
  EXPECT_THAT(dot, HasSubstr(R"("network bridge" -- "container 2" [label="eth0 172.17.0.2/16)"));
  EXPECT_THAT(dot, HasSubstr(R"("network back" -- "container 2")"));
  EXPECT_THAT(dot, HasSubstr(R"("host" -- "network back" [label="", style=dashed])"));
  EXPECT_THAT(dot, HasSubstr(R"("way 192.0.2.1" -- "host" [label="default"])"));
}

TEST(GraphDot, EscapesWhatWouldEndAText) {
  const std::string dot = graph_dot(nasty());
  EXPECT_THAT(dot, HasSubstr(R"(<b>&\"x\\'??[31m]]>--????é)"));
  // What is left of the quotes when the escaped ones are taken away comes in pairs on each line.
  std::istringstream lines(std::regex_replace(dot, std::regex(R"(\\.)"), ""));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(std::ranges::count(line, '"') % 2, 0) << line;
  }
}

TEST(GraphDot, OfAnEmptyHostIsTheHost) {
  EXPECT_THAT(graph_dot({.host = "h"}),
              AllOf(HasSubstr(R"("host" [label="h\l")"), Not(HasSubstr("--"))));
}

TEST(GraphSvg, HasAllTextsAndNeedsNothingElse) {
  const std::string svg = graph_svg(small());
  for (const char* text : {">host1<", ">default<", ">192.0.2.1<", ">web<", ">eth0  172.17.0.2/16<",
                           ">  8080 → 80/tcp<", ">with sidecar<", ">not attached<", ">internal<",
                           ">port tap7<", "prefers-color-scheme: dark"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
  EXPECT_THAT(svg,
              AllOf(Not(HasSubstr("<script")), Not(HasSubstr("href")), Not(HasSubstr("url("))));
}

TEST(GraphSvg, EscapesNames) {
  const std::string svg = graph_svg(nasty());
  EXPECT_THAT(svg, HasSubstr("&lt;b&gt;&amp;&quot;x\\'??[31m]]&gt;--????é"));
  EXPECT_THAT(svg, AllOf(Not(HasSubstr("<b>")), Not(HasSubstr("\033")), Not(HasSubstr("\xff"))));
}

TEST(GraphSvg, OfAnEmptyHostIsTheHostAlone) {
  const std::string svg = graph_svg({.host = "h"});
  EXPECT_THAT(svg, HasSubstr(">h</text>"));
  EXPECT_EQ(count_of(svg, "<path"), 0U);
}

TEST(GraphSvg, DrawsTwoHundredContainers) {
  const std::string svg = graph_svg(large(200));
  EXPECT_EQ(count_of(svg, "class=\"title\""), 200U + 3);
  EXPECT_EQ(count_of(svg, "<path"), 220U + 2);  // two to the networks
}

bool overlap(const Box& a, const Box& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

TEST(GraphLayout, NoTextOverflowsItsBoxAndNoBoxTheDrawing) {
  Graph graph = small();
  graph.containers[0].name = std::string(300, 'w');
  graph.containers[1].name = "网络网络网络网络网络网络网络网络网络网络网络网络网络网络网络网络";
  graph.networks[0].name = "a name of a network that goes on and on and on and never ends";
  for (const Graph& each : {graph, nasty(), large(30)}) {
    const Drawing drawing = layout_of(each);
    for (const Box& box : drawing.boxes) {
      EXPECT_LE(box.x + box.width, drawing.width);
      EXPECT_LE(box.y + box.height, drawing.height);
      for (const BoxLine& line : box.lines) {
        const std::size_t state = &line == &box.lines.front() ? width_of(box.state) : 0;
        const auto columns = static_cast<double>(width_of(line.text) + state);
        EXPECT_LE(columns * kCharacter + 2 * kPadding, box.width) << line.text;
      }
      EXPECT_LE(box.middle_of(box.lines.size() - 1) + kRow / 2, box.y + box.height);
    }
  }
}

TEST(GraphLayout, NoTwoBoxesOverlap) {
  for (const Graph& graph : {small(), large(200)}) {
    const Drawing drawing = layout_of(graph);
    for (std::size_t i = 0; i < drawing.boxes.size(); ++i) {
      for (std::size_t j = i + 1; j < drawing.boxes.size(); ++j) {
        EXPECT_FALSE(overlap(drawing.boxes[i], drawing.boxes[j])) << i << " " << j;
      }
    }
  }
}

TEST(GraphLayout, LanesRunBetweenTheColumnsAndNetworksShareNone) {
  for (const Graph& graph : {small(), large(50)}) {
    const std::vector<Wire> wires = layout_of(graph).wires;
    for (const Wire& wire : wires) {
      EXPECT_LT(wire.x1, wire.lane);
      EXPECT_LT(wire.lane, wire.x2);
      for (const Wire& other : wires) {
        if (other.x1 != wire.x1 || other.y1 == wire.y1 || other.lane != wire.lane) continue;
        const auto [top, bottom] = std::minmax(wire.y1, wire.y2);
        const auto [other_top, other_bottom] = std::minmax(other.y1, other.y2);
        EXPECT_TRUE(bottom < other_top || other_bottom < top);
      }
    }
  }
}

TEST(GraphJson, IsTheModel) {
  const std::string json = graph_json(small());
  EXPECT_THAT(json,
              testing::StartsWith(R"({"host":"host1","links":[{"name":"eth0","state":"up",)"));
  EXPECT_THAT(json, HasSubstr(R"({"host":"127.0.0.1:5353","inside":"53/udp","outside":false})"));
  EXPECT_THAT(json, HasSubstr(R"("joined":["sidecar"])"));
}

}  // namespace
}  // namespace netctl::command

#include <algorithm>
#include <array>
#include <cmath>

#include "netctl/graph_layout.hpp"
#include "netctl/text.hpp"

namespace netctl::command {
namespace {

// Colours that are told apart on light and on dark ground; networks take turns.
constexpr std::array<std::string_view, 6> kAccents{"#3b82f6", "#10b981", "#f59e0b",
                                                   "#ec4899", "#8b5cf6", "#06b6d4"};

// The dark ones come last: a reader that does not know the question passes over them.
constexpr std::string_view kStyle = R"(<style>
text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: 12px; fill: #1e293b; }
.title { font-weight: 700; }
.faint { fill: #64748b; }
.port { fill: #0f766e; }
.good { fill: #15803d; }
.warning { fill: #b45309; }
.bad { fill: #b91c1c; }
.heading { fill: #64748b; font-size: 11px; letter-spacing: 1px; }
.ground { fill: #f8fafc; }
.box { fill: #ffffff; stroke: #cbd5e1; stroke-width: 1; }
.host { fill: #e2e8f0; stroke: #94a3b8; stroke-width: 1; }
.way { fill: none; stroke: #94a3b8; stroke-width: 1; stroke-dasharray: 2 3; }
.wire { fill: none; stroke: #94a3b8; stroke-width: 1.5; }
.dashed { stroke-dasharray: 5 4; }
@media (prefers-color-scheme: dark) {
text { fill: #e2e8f0; }
.faint, .heading { fill: #94a3b8; }
.port { fill: #5eead4; }
.good { fill: #4ade80; }
.warning { fill: #fbbf24; }
.bad { fill: #f87171; }
.ground { fill: #0f172a; }
.box { fill: #1e293b; stroke: #475569; }
.host { fill: #334155; stroke: #64748b; }
.way, .wire { stroke: #64748b; }
}
</style>
)";

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char each : on_one_line(text)) {
    switch (each) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += each;
    }
  }
  return out;
}

// Pixels to a tenth; without a decimal point where none is needed.
std::string px(double value) {
  const auto tenths = static_cast<long>(std::lround(value * 10));
  return tenths % 10 == 0 ? format("{}", tenths / 10)
                          : format("{}{}.{}", tenths < 0 ? "-" : "", std::labs(tenths) / 10,
                                   std::labs(tenths) % 10);
}

std::string stroke_of(int accent) {
  if (accent < 0) return "";
  return format(" style=\"stroke:{}\"",
                kAccents.at(static_cast<std::size_t>(accent) % kAccents.size()));
}

std::string fill_of(int accent) {
  return format(" style=\"fill:{}\"",
                kAccents.at(static_cast<std::size_t>(accent) % kAccents.size()));
}

std::string_view class_of(LineStyle style) {
  switch (style) {
    case LineStyle::Title:
      return "title";
    case LineStyle::Faint:
      return "faint";
    case LineStyle::Port:
      return "port";
    case LineStyle::Plain:
      break;
  }
  return "plain";
}

std::string_view class_of_state(std::string_view state) {
  switch (colour_of_state(state)) {
    case Colour::Good:
      return "good";
    case Colour::Warning:
      return "warning";
    case Colour::Bad:
      return "bad";
    default:
      return "faint";
  }
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char each) { return each < 0x80; });
}

// Other scripts come from other fonts, whose widths are not known: such a line is made to have the
// one that was counted with.
std::string length_of(std::string_view text) {
  if (text.empty() || is_ascii(text)) return "";
  return format(" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"",
                px(static_cast<double>(width_of(text)) * kCharacter));
}

// "<title>" is what a browser shows under the pointer.
std::string tip(const std::string& text) {
  return text.empty() ? "" : "<title>" + xml_escaped(text) + "</title>";
}

// Across, around a corner, along the lane, around another, across.
std::string path_of(const Wire& wire) {
  constexpr double kRadius = 6;
  const double way = wire.y2 - wire.y1;
  if (std::abs(way) < 0.5) return format("M{} {}H{}", px(wire.x1), px(wire.y1), px(wire.x2));
  const double r = std::min(kRadius, std::abs(way) / 2) * (way < 0 ? -1 : 1);
  const double side = std::abs(r);
  return format("M{} {}H{}Q{} {} {} {}V{}Q{} {} {} {}H{}", px(wire.x1), px(wire.y1),
                px(wire.lane - side), px(wire.lane), px(wire.y1), px(wire.lane), px(wire.y1 + r),
                px(wire.y2 - r), px(wire.lane), px(wire.y2), px(wire.lane + side), px(wire.y2),
                px(wire.x2));
}

std::string svg_of(const Wire& wire) {
  return format("<path class=\"wire{}\"{} d=\"{}\">{}</path>\n", wire.is_dashed ? " dashed" : "",
                stroke_of(wire.accent), path_of(wire), tip(wire.tip));
}

std::string svg_of(const Box& box, const BoxLine& line, std::size_t index) {
  const double y = box.middle_of(index);
  std::string text;
  if (line.accent >= 0) {
    text += format("<circle cx=\"{}\" cy=\"{}\" r=\"3.5\"{}/>\n", px(box.x), px(y),
                   fill_of(line.accent));
  }
  text += format("<text class=\"{}\" x=\"{}\" y=\"{}\"{}>{}{}</text>\n", class_of(line.style),
                 px(box.x + kPadding), px(y + kFontSize * 0.35), length_of(line.text),
                 line.text == line.whole ? "" : tip(line.whole), xml_escaped(line.text));
  return text;
}

std::string svg_of(const Box& box) {
  const std::string_view kind = box.kind == BoxKind::Host  ? "host"
                                : box.kind == BoxKind::Way ? "way"
                                                           : "box";
  std::string text =
      format("<rect class=\"{}{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n", kind,
             box.is_dashed ? " dashed" : "", px(box.x), px(box.y), px(box.width), px(box.height));
  if (box.accent >= 0) {
    text += format("<rect x=\"{}\" y=\"{}\" width=\"4\" height=\"{}\" rx=\"2\"{}/>\n", px(box.x),
                   px(box.y + 6), px(box.height - 12), fill_of(box.accent));
  }
  for (std::size_t i = 0; i < box.lines.size(); ++i) text += svg_of(box, box.lines[i], i);
  if (!box.state.empty()) {
    text += format("<text class=\"{}\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{}</text>\n",
                   class_of_state(box.state), px(box.x + box.width - kPadding),
                   px(box.middle_of(0) + kFontSize * 0.35), xml_escaped(box.state));
  }
  return text;
}

std::string capitals(std::string text) { return upper_case(std::move(text)); }

}  // namespace

std::string graph_svg(const Graph& graph) {
  const Drawing drawing = layout_of(graph);
  const std::string width = px(drawing.width);
  const std::string height = px(drawing.height);
  std::string text = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" "
      "xml:space=\"preserve\" role=\"img\">\n<title>Container network of {}</title>\n",
      width, height, width, height, xml_escaped(graph.host));
  text += kStyle;
  text += "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n";
  for (const Wire& wire : drawing.wires) text += svg_of(wire);
  for (const Heading& each : drawing.headings) {
    text += format("<text class=\"heading\" x=\"{}\" y=\"{}\">{}</text>\n", px(each.x),
                   px(drawing.top - 14), xml_escaped(capitals(each.text)));
  }
  for (const Box& box : drawing.boxes) text += svg_of(box);
  return text + "</svg>\n";
}

}  // namespace netctl::command

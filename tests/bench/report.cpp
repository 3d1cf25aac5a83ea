#include "tests/bench/report.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <fstream>
#include <map>
#include <thread>

#include "tests/bench/lab.hpp"

namespace netctl::bench {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string package_version(const std::string& package) {
  const auto finished = sys::run_program("/usr/bin/dpkg-query",
                                         {"dpkg-query", "-W", "-f", "${Version}", package}, {}, "");
  return finished && finished->exit_status == 0 ? finished->out : "not installed";
}

// Three digits that count: 0.123, 1.23, 12.3, 123, 12300.
std::string number(double value) {
  if (value == 0) return "0";
  const int before = static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  return format("{:.{}f}", value, std::clamp(3 - before, 0, 3));
}

std::string verdict(const Row& row, const Reach& reach) {
  const auto reached = is_reached(row, reach);
  if (!reached) return to_text(reach, row.figure) + ": not measured";
  const auto times = ratio(row, reach.against);
  std::string seen = times ? format(" ({} times)", number(reach.kind == Reach::Kind::FasterBy &&
                                                                  row.figure.better == Better::Less
                                                              ? 1 / *times
                                                              : *times))
                           : "";
  return format("{}: {}{}", to_text(reach, row.figure), *reached ? "reached" : "MISSED", seen);
}

std::string escaped(std::string_view text, const std::map<char, std::string>& replacements) {
  std::string result;
  for (const char letter : text) {
    const auto found = replacements.find(letter);
    result += found == replacements.end() ? std::string(1, letter) : found->second;
  }
  return result;
}

std::string json_text(std::string_view text) {
  static const std::map<char, std::string> kEscapes{
      {'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\t', "\\t"}};
  return "\"" + escaped(text, kEscapes) + "\"";
}

std::string xml_text(std::string_view text) {
  static const std::map<char, std::string> kEscapes{
      {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}};
  return escaped(text, kEscapes);
}

template <class Items, class ToText>
std::string joined(const Items& items, std::string_view separator, ToText to_text_of) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += separator;
    text += to_text_of(item);
  }
  return text;
}

std::string entry_json(const Row& row, const Entry& entry) {
  if (!entry.summary) {
    return format(R"(      {{"contestant": {}, "not_measured": {}}})", json_text(entry.contestant),
                  json_text(entry.reason));
  }
  std::string text = format(R"(      {{"contestant": {}, "median": {}, "p95": {}, "samples": {})",
                            json_text(entry.contestant), number(entry.summary->median),
                            number(entry.summary->p95), entry.summary->samples);
  const auto times = ratio(row, entry.contestant);
  if (times && entry.contestant != kOurs) text += format(R"(, "ours_to_it": {})", number(*times));
  return text + "}";
}

std::string reach_json(const Row& row, const Reach& reach) {
  const auto reached = is_reached(row, reach);
  return format(R"(      {{"reach": {}, "reached": {}}})", json_text(to_text(reach, row.figure)),
                !reached   ? "null"
                : *reached ? "true"
                           : "false");
}

std::string row_json(const Row& row) {
  return format(
      "    {{\"row\": {}, \"figure\": {}, \"unit\": {}, \"better\": \"{}\",\n     \"entries\": "
      "[\n{}],\n     \"reach\": [\n{}]}}",
      json_text(row.scenario), json_text(row.figure.title), json_text(row.figure.unit),
      row.figure.better == Better::Less ? "less" : "more",
      joined(row.entries, ",\n", [&](const Entry& entry) { return entry_json(row, entry); }),
      joined(row.figure.reach, ",\n", [&](const Reach& reach) { return reach_json(row, reach); }));
}

// ---- The chart

constexpr int kWidth = 860;
constexpr int kBarLeft = 190;
constexpr int kBarWidth = 520;
constexpr int kBarHeight = 14;
constexpr int kRowGap = 34;

std::string_view color_of(const std::string& contestant) {
  if (contestant.starts_with(kOurs)) return "#1b7f5c";
  if (contestant.starts_with(kFloor)) return "#8a8f98";
  return "#c2703d";
}

std::string svg_text(int x, int y, std::string_view text, std::string_view more = "") {
  return format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", x, y, more, xml_text(text));
}

// From a tenth of the smallest to the largest, so that each bar is seen.
int bar_length(double value, double smallest, double largest) {
  const double low = std::log10(smallest / 10);
  const double high = std::log10(largest);
  return static_cast<int>(kBarWidth * (std::log10(value) - low) / (high - low));
}

std::string svg_row(const Row& row, int& y) {
  std::vector<const Entry*> bars;
  double smallest = 0;
  double largest = 0;
  for (const Entry& entry : row.entries) {
    if (!entry.summary || entry.summary->median <= 0) continue;
    bars.push_back(&entry);
    smallest = bars.size() == 1 ? entry.summary->median : std::min(smallest, entry.summary->median);
    largest = std::max(largest, entry.summary->median);
  }
  if (bars.empty()) return "";
  std::string svg = svg_text(10, y,
                             format("{} ({}, {} is better)", row.figure.title, row.figure.unit,
                                    row.figure.better == Better::Less ? "less" : "more"),
                             " font-weight=\"bold\"");
  for (const Entry* entry : bars) {
    y += kBarHeight + 4;
    const int length = bar_length(entry->summary->median, smallest, largest);
    svg += svg_text(10, y, entry->contestant);
    svg += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n", kBarLeft,
                  y - kBarHeight + 3, length, kBarHeight, color_of(entry->contestant));
    svg += svg_text(kBarLeft + length + 6, y, number(entry->summary->median));
  }
  y += kRowGap;
  return svg;
}

}  // namespace

Surroundings surroundings(const Lab& lab) {
  utsname kernel{};
  ::uname(&kernel);
  const auto version = sys::run_program(lab.programs().netctl, {"netctl", "--version"}, {}, "");
  std::string ours = version ? version->out : "unknown";
  while (ours.ends_with('\n')) ours.pop_back();
  return {{"date", today()},
          {"machine", format("{} x {}", std::thread::hardware_concurrency(), processor())},
          {"kernel", kernel.release},
          {"ours", ours},
          {"containernetworking-plugins", package_version("containernetworking-plugins")},
          {"netavark", package_version("netavark")},
          {"iptables", package_version("iptables")},
          {"nftables", package_version("nftables")}};
}

std::string to_table(const std::vector<Row>& rows) {
  std::string table =
      format("{:<48} {:<24} {:>9} {:>9} {:>9}\n", "what", "who", "median", "p95", "ours/it");
  std::string missing;
  for (const Row& row : rows) {
    std::string title = format("{} [{}]", row.figure.title, row.figure.unit);
    for (const Entry& entry : row.entries) {
      if (!entry.summary) {
        missing += format("{}: {} was not measured: {}\n", row.figure.title, entry.contestant,
                          entry.reason);
        continue;
      }
      const auto times = ratio(row, entry.contestant);
      const bool is_ours = entry.contestant == kOurs;
      table += format("{:<48} {:<24} {:>9} {:>9} {:>9}\n", title, entry.contestant,
                      number(entry.summary->median), number(entry.summary->p95),
                      times && !is_ours ? number(*times) : "");
      title.clear();
    }
    for (const Reach& reach : row.figure.reach) {
      table += format("{:<48} {}\n", title, verdict(row, reach));
      title.clear();
    }
  }
  return missing.empty() ? table : table + "\n" + missing;
}

std::string to_json(const std::vector<Row>& rows, const Surroundings& surroundings) {
  return format("{{\n{},\n  \"rows\": [\n{}\n  ]\n}}\n",
                joined(surroundings, ",\n",
                       [](const auto& pair) {
                         return format("  {}: {}", json_text(pair.first), json_text(pair.second));
                       }),
                joined(rows, ",\n", row_json));
}

std::string to_svg(const std::vector<Row>& rows, const Surroundings& surroundings) {
  int y = 30;
  std::string body = svg_text(10, y, "netctl, side by side: medians, to a logarithmic scale",
                              " font-size=\"16\" font-weight=\"bold\"");
  y += 22;
  body += svg_text(
      10, y,
      joined(surroundings, ", ", [](const auto& pair) { return pair.first + " " + pair.second; }),
      " font-size=\"9\" fill=\"#555\"");
  y += kRowGap;
  for (const Row& row : rows) body += svg_row(row, y);
  return format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" "
      "fill=\"white\"/>\n{2}</svg>\n",
      kWidth, y, body);
}

}  // namespace netctl::bench

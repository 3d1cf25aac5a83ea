// Measures ours beside its peers and the kernel's floor; see ../../bench.sh, which builds all it
// needs.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/log.hpp"
#include "tests/bench/lab.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/runner.hpp"
#include "tests/bench/scenarios.hpp"

namespace netctl::bench {
namespace {

constexpr char kUsage[] =
    R"(usage: bench [--rows NAME,...] [--rounds N] [--json FILE] [--svg FILE]
             [--before DIRECTORY] [--list]
  --rows    only these (see --list)
  --rounds  so many for each, instead of each row's own number
  --json    write the figures there
  --svg     write a chart there
  --before  plugins of an earlier build, which take part in "chain"
  --list    the names of all rows, and what they measure
)";

// In the order of the table.
std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all = attach_scenarios();
  for (Scenario& more : run_scenarios()) all.push_back(std::move(more));
  for (Scenario& more : scale_scenarios()) all.push_back(std::move(more));
  for (Scenario& more : footprint_scenarios()) all.push_back(std::move(more));
  return all;
}

struct Options {
  std::vector<std::string> rows{};
  int rounds = 0;
  std::string json{};
  std::string svg{};
  std::string before{};
  bool list = false;
};

std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

std::optional<Options> parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--list") {
      options.list = true;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    const std::string_view value = argv[++i];
    if (word == "--rows") {
      options.rows = parts_of(value);
    } else if (word == "--json") {
      options.json = value;
    } else if (word == "--svg") {
      options.svg = value;
    } else if (word == "--before") {
      options.before = value;
    } else if (word == "--rounds") {
      const auto parsed =
          std::from_chars(value.data(), value.data() + value.size(), options.rounds);
      if (parsed.ec != std::errc() || options.rounds < 1) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

Result<std::vector<Scenario>> chosen(const std::vector<std::string>& names) {
  std::vector<Scenario> all = all_scenarios();
  if (names.empty()) return all;
  std::vector<Scenario> wanted;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(all, name, &Scenario::name);
    if (found == all.end()) {
      return fail(Errc::InvalidArgument, "there is no row {}: see --list", name);
    }
    wanted.push_back(*found);
  }
  return wanted;
}

Status write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return ok();
  std::ofstream file(path);
  if ((file << text).flush()) return ok();
  return fail(Errc::Io, "cannot write {}", path);
}

void list_rows(const std::vector<Scenario>& scenarios) {
  for (const Scenario& scenario : scenarios) {
    for (const Figure& figure : scenario.figures) {
      std::printf("%-16s %s\n", scenario.name.c_str(), figure.title.c_str());
    }
  }
}

Status measure(const Options& options) {
  const auto scenarios = TRY(chosen(options.rows));
  if (options.list) {
    list_rows(scenarios);
    return ok();
  }
  Lab lab = TRY(Lab::enter({.plugins = BENCH_PLUGINS,
                            .netctl = BENCH_NETCTL,
                            .reference = "/usr/lib/cni",
                            .netavark = "/usr/lib/podman/netavark",
                            .floor = BENCH_FLOOR,
                            .before = options.before,
                            .peak = BENCH_PEAK}));
  std::vector<Row> rows;
  for (const Scenario& scenario : scenarios) {
    std::fprintf(stderr, "measuring %s\n", scenario.name.c_str());
    for (Row& row : run(scenario, lab, options.rounds)) rows.push_back(std::move(row));
  }
  const Surroundings where = surroundings(lab);
  std::fputs(to_table(rows).c_str(), stdout);
  TRY(write_file(options.json, to_json(rows, where)));
  return write_file(options.svg, to_svg(rows, where));
}

}  // namespace
}  // namespace netctl::bench

int main(int argc, char** argv) {
  using namespace netctl;
  log::set_up("bench");
  const auto options = bench::parse_options(argc, argv);
  if (!options) {
    std::fputs(bench::kUsage, stderr);
    return 2;
  }
  if (const Status measured = bench::measure(*options); !measured) {
    std::fprintf(stderr, "bench: %s\n", measured.error().message.c_str());
    return 1;
  }
  return 0;
}

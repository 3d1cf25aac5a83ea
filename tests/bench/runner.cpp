#include "tests/bench/runner.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <random>
#include <thread>
#include <utility>

namespace netctl::bench {
namespace {

// What a contestant has done so far.
struct Progress {
  const Contestant* contestant = nullptr;
  std::vector<std::vector<double>> samples{};  // of each figure
  std::string reason{};

  void take_part() {
    const auto round = contestant->measure();
    if (!round) {
      reason = round.error().message;
    } else if (round->size() != samples.size()) {
      reason = "gave another number of figures than its scenario has";
    } else {
      for (std::size_t i = 0; i < samples.size(); ++i) samples[i].push_back((*round)[i]);
    }
  }

  // What it measured before it failed is not told: half a measurement is none.
  Entry entry(std::size_t figure) const {
    Entry result{.contestant = contestant->name, .reason = reason};
    if (reason.empty()) result.summary = summarise(samples[figure]);
    return result;
  }
};

// What all processors have done since the machine began, in their own unit (proc(5), /proc/stat).
struct Work {
  std::uint64_t done = 0;
  std::uint64_t all = 0;  // with what they rested

  static Work so_far() {
    enum Kind { User, Nice, System, Idle, WaitForDisk, Interrupts, SoftInterrupts, Kinds };
    std::ifstream file("/proc/stat");
    std::string name;
    std::array<std::uint64_t, Kinds> times{};
    file >> name;
    for (std::uint64_t& time : times) file >> time;
    const std::uint64_t all = std::accumulate(times.begin(), times.end(), std::uint64_t{0});
    return {.done = all - times[Idle] - times[WaitForDisk], .all = all};
  }
};

// Namespaces go in the background, containers greet each other: at the cost of whoever is measured
// meanwhile. A machine that others use, too, may never rest.
void wait_until_idle() {
  constexpr int kPatience = 40;  // seconds
  for (int second = 0; second < kPatience; ++second) {
    const Work before = Work::so_far();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const Work after = Work::so_far();
    if ((after.done - before.done) * 50 <= after.all - before.all) return;
  }
}

}  // namespace

const Summary* Row::find(const std::string& contestant) const {
  const auto entry = std::ranges::find(entries, contestant, &Entry::contestant);
  return entry != entries.end() && entry->summary ? &*entry->summary : nullptr;
}

std::optional<double> ratio(const Row& row, const std::string& other) {
  const Summary* ours = row.find(kOurs);
  const Summary* theirs = row.find(other);
  if (!ours || !theirs || theirs->median == 0) return std::nullopt;
  return ours->median / theirs->median;
}

std::optional<bool> is_reached(const Row& row, const Reach& reach) {
  const Summary* ours = row.find(kOurs);
  if (!ours) return std::nullopt;
  if (reach.kind == Reach::Kind::Absolute) return ours->median <= reach.factor;
  const auto times = ratio(row, reach.against);
  if (!times) return std::nullopt;
  const bool less = row.figure.better == Better::Less;
  switch (reach.kind) {
    case Reach::Kind::FasterBy:
      return less ? *times * reach.factor <= 1 : *times >= reach.factor;
    case Reach::Kind::AtMost:
      return *times <= reach.factor;
    case Reach::Kind::Within:
      return less ? *times <= reach.factor : *times * reach.factor >= 1;
    case Reach::Kind::Absolute:
      break;
  }
  return std::nullopt;
}

std::string to_text(const Reach& reach, const Figure& figure) {
  switch (reach.kind) {
    case Reach::Kind::FasterBy:
      return format("{:g} times better than {}", reach.factor, reach.against);
    case Reach::Kind::AtMost:
      return format("at most {:g} times {}", reach.factor, reach.against);
    case Reach::Kind::Within:
      return format("within {:g} times {}", reach.factor, reach.against);
    case Reach::Kind::Absolute:
      return format("at most {:g} {}", reach.factor, figure.unit);
  }
  return "";
}

Contestant on_several_hosts(std::vector<Contestant> hosts) {
  std::string name = hosts.front().name;
  return {.name = std::move(name), .measure = [hosts = std::move(hosts), round = 0U]() mutable {
            return hosts[round++ % hosts.size()].measure();
          }};
}

std::vector<Row> run(const Scenario& scenario, Lab& lab, int rounds) {
  const std::vector<Contestant> contestants = scenario.prepare(lab);
  wait_until_idle();
  std::vector<Progress> all;
  for (const Contestant& contestant : contestants) {
    all.push_back({.contestant = &contestant,
                   .samples = std::vector<std::vector<double>>(scenario.figures.size())});
  }
  std::vector<Progress*> turns;
  for (Progress& progress : all) turns.push_back(&progress);
  std::minstd_rand chance;  // the same in every run
  const int count = rounds > 0 ? rounds : scenario.rounds;
  for (int round = 0; round < count; ++round) {
    std::ranges::shuffle(turns, chance);
    for (Progress* progress : turns) {
      if (progress->reason.empty()) progress->take_part();
    }
  }
  std::vector<Row> rows;
  for (std::size_t i = 0; i < scenario.figures.size(); ++i) {
    Row row{.scenario = scenario.name, .figure = scenario.figures[i]};
    for (const Progress& progress : all) row.entries.push_back(progress.entry(i));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace netctl::bench

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/scenario.hpp"
#include "tests/bench/statistics.hpp"

namespace netctl::bench {

// A contestant's figure, or why it has none.
struct Entry {
  std::string contestant{};
  std::optional<Summary> summary{};
  std::string reason{};
};

struct Row {
  std::string scenario{};
  Figure figure{};
  std::vector<Entry> entries{};

  // Nothing for one that was not measured.
  const Summary* find(const std::string& contestant) const;
};

// Ours divided by the other's median; nothing unless both were measured.
std::optional<double> ratio(const Row& row, const std::string& other);
// Whether it is reached; nothing unless all that it compares was measured.
std::optional<bool> is_reached(const Row& row, const Reach& reach);
// "20 times faster than reference"
std::string to_text(const Reach& reach, const Figure& figure);

// One that takes part on several hosts, on the next one each round; named as the first. What one
// host has of its own, such as where its memory happens to lie, then is not the contestant's.
Contestant on_several_hosts(std::vector<Contestant> hosts);

// Lets the contestants take part in turn, so that what else the machine does falls on all of them;
// in each round in another order, so that none always finds the caches as the same other one left
// them. `rounds` above 0 takes the place of the scenario's own.
std::vector<Row> run(const Scenario& scenario, Lab& lab, int rounds = 0);

}  // namespace netctl::bench

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/bench/runner.hpp"

namespace netctl::bench {

// Where and with what it was measured: pairs of what and which, in the order they are told.
using Surroundings = std::vector<std::pair<std::string, std::string>>;
Surroundings surroundings(const Lab& lab);

// For a terminal: a row a figure, a contestant a column; below, who has no figure and why.
std::string to_table(const std::vector<Row>& rows);
std::string to_json(const std::vector<Row>& rows, const Surroundings& surroundings);
// Bars of a row's medians, each row to a logarithmic scale of its own.
std::string to_svg(const std::vector<Row>& rows, const Surroundings& surroundings);

}  // namespace netctl::bench

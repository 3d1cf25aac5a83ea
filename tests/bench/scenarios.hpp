#pragma once

#include <vector>

#include "tests/bench/scenario.hpp"

namespace netctl::bench {

// All that can be measured, in the order of the table.
std::vector<Scenario> all_scenarios();

// Its parts, by subject.
std::vector<Scenario> attach_scenarios();

}  // namespace netctl::bench

#pragma once

#include <vector>

#include "tests/bench/scenario.hpp"

namespace netctl::bench {

// All that can be measured, by subject.
std::vector<Scenario> attach_scenarios();
std::vector<Scenario> run_scenarios();
std::vector<Scenario> scale_scenarios();
std::vector<Scenario> footprint_scenarios();

}  // namespace netctl::bench

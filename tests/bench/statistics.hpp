#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace netctl::bench {

// What is told of many samples of one thing. The mean is not: one sample that met another program
// on the same core would move it.
struct Summary {
  double median = 0;  // of an even number: between the two in the middle
  double p95 = 0;     // the smallest sample that at least 95 of 100 do not exceed
  std::size_t samples = 0;
  bool operator==(const Summary&) const = default;
};

// Nothing when there are no samples.
std::optional<Summary> summarise(std::vector<double> samples);

}  // namespace netctl::bench

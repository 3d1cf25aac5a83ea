#include "tests/bench/statistics.hpp"

#include <algorithm>

namespace netctl::bench {

std::optional<Summary> summarise(std::vector<double> samples) {
  if (samples.empty()) return std::nullopt;
  std::ranges::sort(samples);
  const std::size_t count = samples.size();
  const std::size_t rank = (count * 95 + 99) / 100;  // rounded up
  return Summary{.median = (samples[(count - 1) / 2] + samples[count / 2]) / 2,
                 .p95 = samples[rank - 1],
                 .samples = count};
}

}  // namespace netctl::bench

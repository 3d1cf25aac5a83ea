#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace netctl::fuzz {

std::vector<Target> all_targets() {
  std::vector<Target> all;
  for (const auto* some : {&plugin_configs(), &protocol_texts(), &store_files(), &container_files(),
                           &kernel_messages(), &typed_texts()}) {
    all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

void require(bool holds, std::string_view claim) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(claim.size()), claim.data());
  std::abort();
}

std::string_view text_of(Bytes input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace netctl::fuzz

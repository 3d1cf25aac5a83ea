#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netctl/output.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// `key=value` as lists take it (--filter). Of several with one key one has to hold, of different
// keys all.
struct Filter {
  std::string key{};
  std::string value{};
};

// Fails on a text without "=" and on a key that is not among `known`.
Result<std::vector<Filter>> parse_filters(const std::vector<std::string>& texts,
                                          const std::vector<std::string_view>& known);

// Whether `holds(filter)` is true as said above.
template <class Holds>
bool matches(const std::vector<Filter>& filters, Holds&& holds) {
  for (const Filter& filter : filters) {
    bool any = false;
    for (const Filter& other : filters) any = any || (other.key == filter.key && holds(other));
    if (!any) return false;
  }
  return true;
}

// Whether the fact of the filter's key is its value; of a list, whether one of its parts is.
bool is_fact(const Filter& filter, const Facts& facts);

// matches() where a filter says just that.
bool matches_facts(const std::vector<Filter>& filters, const Facts& facts);

}  // namespace netctl::command

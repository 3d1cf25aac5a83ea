#include "netctl/filters.hpp"

#include <algorithm>

namespace netctl::command {

Result<std::vector<Filter>> parse_filters(const std::vector<std::string>& texts,
                                          const std::vector<std::string_view>& known) {
  std::vector<Filter> filters;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (equals != text.npos && std::ranges::find(known, key) != known.end()) {
      filters.push_back({.key = key, .value = text.substr(equals + 1)});
      continue;
    }
    std::string list;
    for (const std::string_view each : known)
      list += format("{}{}", list.empty() ? "" : ", ", each);
    return fail(Errc::InvalidArgument, "--filter \"{}\": write KEY=VALUE with one of the keys {}",
                text, list);
  }
  return filters;
}

bool is_fact(const Filter& filter, const Facts& facts) {
  const auto fact = std::ranges::find(facts, filter.key, &Fact::name);
  if (fact == facts.end()) return false;
  return fact->text == filter.value ||
         std::ranges::find(fact->parts, filter.value) != fact->parts.end();
}

bool matches_facts(const std::vector<Filter>& filters, const Facts& facts) {
  return matches(filters, [&](const Filter& filter) { return is_fact(filter, facts); });
}

}  // namespace netctl::command

#include "netctl/usual_line.hpp"

#include <string_view>

namespace netctl::command {
namespace {

// What CLI11 takes for a value, whatever it stands behind: no option, no list of several values.
bool is_value(std::string_view word) {
  return !word.empty() && word.front() != '-' && word.front() != '[' && word.front() != '{';
}

std::optional<UsualLine::Verb> verb_of(std::string_view word) {
  if (word == "add") return UsualLine::Verb::Add;
  if (word == "del") return UsualLine::Verb::Del;
  return std::nullopt;
}

}  // namespace

std::optional<UsualLine> usual_line(std::span<const std::string> words) {
  if (words.empty()) return std::nullopt;
  const auto verb = verb_of(words.front());
  if (!verb) return std::nullopt;
  UsualLine line{.verb = *verb};
  std::vector<std::string> names;
  for (auto word = words.begin() + 1; word != words.end(); ++word) {
    const bool publishes = *verb == UsualLine::Verb::Add && *word == "-p";
    if (publishes && ++word == words.end()) return std::nullopt;
    if (!is_value(*word)) return std::nullopt;
    (publishes ? line.publish : names).push_back(*word);
  }
  if (names.size() != 2) return std::nullopt;
  line.target.network = names[0];
  line.target.ns = names[1];
  line.target.ifname = environment_or("CNI_IFNAME", line.target.ifname);
  take_environment(line.target);
  return line;
}

Status carry_out(const Settings& settings, const UsualLine& line) {
  if (line.verb == UsualLine::Verb::Del) return del(settings, line.target);
  return add(settings, line.target, {.publish = line.publish}, {});
}

}  // namespace netctl::command

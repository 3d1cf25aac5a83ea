#include "netctl/named_container.hpp"

#include <algorithm>

#include "netctl/supervise.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::command {
namespace {

// As `netctl ps` shows ids. Fewer digits are too likely to be a namespace's name.
constexpr std::size_t kShownDigits = 12;

// A word that can be a pin's or a container's name.
bool is_name(const std::string& word) {
  return word.find('/') == word.npos && container::check_name(word).has_value();
}

bool is_namespaces_own(const Settings& settings, const std::string& path) {
  return std::ranges::any_of(runtime(settings).cached(""), [&](const cni::CachedAttachment& each) {
    return each.call.netns == path;
  });
}

}  // namespace

Result<std::optional<container::State>> named_container(const Settings& settings,
                                                        const std::string& word) {
  std::optional<container::State> none;
  if (!is_name(word)) return none;
  const std::string pin = TRY(ns::path_of(word));
  if (TRY(sys::exists(pin))) return none;
  const bool is_short = word.size() < kShownDigits;
  auto found = store(settings).find(word);
  if (!found && (is_short || found.error().code == Errc::NotFound)) return none;
  container::State state = TRY(std::move(found));
  if (is_short && state.name != word) return none;
  if (is_namespaces_own(settings, pin)) return none;
  return std::optional(std::move(state));
}

Result<std::string> existing_namespace(const Settings& settings, const std::string& word) {
  const auto container = TRY(named_container(settings, word));
  return existing_namespace(container, word);
}

Result<std::string> existing_namespace(const std::optional<container::State>& container,
                                       const std::string& word) {
  if (!container) return ns::existing_path_of(word);
  if (!TRY(container::is_running(*container))) {
    return fail(Errc::NotFound, "container \"{}\" does not run: netctl ps -a shows its state",
                word);
  }
  if (!container->netns.empty()) return container->netns;
  return ns::path_of_process(ns::Kind::Network, container->init.pid);
}

}  // namespace netctl::command

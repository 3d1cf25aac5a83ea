#pragma once

#include <optional>
#include <string>

#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/container/state.hpp"

// Containers of `netctl run` where a namespace is asked for.
namespace netctl::command {

// The container that `word` means: its name, its id, or twelve and more digits of that. None for a
// path and pid:N, and where a namespace is, or was when something was attached to it, pinned under
// that name: what belongs to that is not the container's.
Result<std::optional<container::State>> named_container(const Settings& settings,
                                                        const std::string& word);

// ns::existing_path_of() that knows these too: the error says what to do.
Result<std::string> existing_namespace(const Settings& settings, const std::string& word);
// The same where it is known already which container, if any, the word means.
Result<std::string> existing_namespace(const std::optional<container::State>& container,
                                       const std::string& word);

}  // namespace netctl::command

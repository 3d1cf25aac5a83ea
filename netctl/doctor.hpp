#pragma once

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// Looks at the host and prints a line for each thing that decides whether containers have network:
// how it is, what that means, and what to do (findings.hpp). With `fix` firewall rules are put back
// and attachments that are gone are detached before that. An error without words when something
// fails.
Status examine(const Settings& settings, bool fix, const Output& output);

}  // namespace netctl::command

#pragma once

#include <string>
#include <vector>

#include "netctl/attach.hpp"
#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/result.hpp"

namespace netctl::command {

// What the result cache knows of attachments, and what became of them: theirs and those of every
// runtime that uses the same cache.

// What one was given. Empty when that is not known; what cannot be read is logged.
cni::AddResult result_of(const cni::CachedAttachment& attachment);

// A table of attachments by network, container, interface. `filters` (filters.hpp) have the keys
// network, container, namespace, interface and state; the fact of that name has to be the value.
Status list_attachments(const Settings& settings, const std::vector<std::string>& filters,
                        const Output& output);

// One of them, whole.
Status inspect_attachment(const Settings& settings, const Target& target, const Output& output);

}  // namespace netctl::command

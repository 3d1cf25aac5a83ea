#pragma once

#include <array>
#include <string_view>

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

// What became of one: "up", "down", "interface gone", "namespace gone"; "unknown" where that cannot
// be looked at. `result` is what it was given.
std::string attachment_state(const cni::RuntimeCall& call, const cni::AddResult& result);

// A list of attachments by network, container, interface.
inline constexpr std::array<std::string_view, 6> kAttachmentFilters{
    {"network", "container", "namespace", "interface", "address", "state"}};
Status list_attachments(const Settings& settings, const Output& output);

// One of them, whole.
Status inspect_attachment(const Settings& settings, const Target& target, const Output& output);

}  // namespace netctl::command

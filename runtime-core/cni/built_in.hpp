#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"

namespace netctl::cni {

class Plugin;

// Plugins that are linked into this program. Where the executable that would be started is the same
// plugin of the same version, calling the one inside gives the same answer and costs no process.
using BuiltIns = std::span<Plugin* const>;

// The plugin of this name; nullptr when there is none.
Plugin* find_plugin(BuiltIns plugins, std::string_view name);

// The built-in plugin that the executable is: its file has the plugin's name and carries the stamp
// that our build puts into the executable of its plugins (stamp.cpp). nullptr: it has to be
// executed, since it is another project's, another version of ours, a script around one, or cannot
// be read.
Plugin* find_built_in(BuiltIns built_ins, const std::string& executable);

// The version in the stamp of an executable file that has plugins of ours, links followed; nothing:
// it is another's, or cannot be read.
Result<std::optional<std::string>> stamped_version(const std::string& executable);

// The version of this build: of netctl, and in its plugins' stamp.
std::string_view own_version();

}  // namespace netctl::cni

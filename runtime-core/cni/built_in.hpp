#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netctl::cni {

class Plugin;

// Plugins that are linked into this program. Where the executable that would be started is the same
// plugin of the same version, calling the one inside gives the same answer and costs no process.
using BuiltIns = std::span<Plugin* const>;

// The built-in plugin that the executable is: its file has the plugin's name and carries the stamp
// that our build puts into each of its plugins (stamp.cpp). nullptr: it has to be executed, since
// it is another project's, another version of ours, a script around one, or cannot be read.
Plugin* find_built_in(BuiltIns built_ins, const std::string& executable);

// What our build writes into each of its plugins (stamp.cpp).
struct Stamp {
  std::string plugin{};
  std::string version{};
  bool operator==(const Stamp&) const = default;
};
// Those of an executable file, of whatever version, links followed; none: it is not one of ours,
// or it cannot be read.
std::vector<Stamp> stamps_of(const std::string& executable);

// The version of this build: of netctl, and in its plugins' stamps.
std::string_view own_version();

}  // namespace netctl::cni

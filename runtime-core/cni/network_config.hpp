#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

// Networks as administrators write them: CNI config files (reference: libcni's conf.go). The keys
// of a list are exact, as in libcni; those of a plugin may be written in either case.
namespace netctl::cni {

struct Document;  // parsed JSON; see json.hpp

struct PluginConfig {
  std::string type{};
  // The plugin's object: all its keys, in their order. Never null in a network that was parsed.
  std::shared_ptr<const Document> config{};
  std::vector<std::string> capabilities{};  // those that are `true`
};

struct NetworkConfig {
  std::string name{};
  // Chosen from cniVersion and cniVersions: the newest that we speak. "0.1.0" when neither is
  // there.
  std::string cni_version{};
  bool disable_check = false;
  bool disable_gc = false;
  std::vector<PluginConfig> plugins{};  // at least one
  // The list's bytes, which the result cache keeps. Where a sibling folder added plugins, or the
  // file is a single plugin, it is the list that holds them all: what is cached must be enough for
  // DEL when the files are gone.
  std::string text{};
  std::string file{};  // where it came from; empty: not from a file
};

// One list (.conflist). `file` names it in errors and finds its sibling folder
// `<directory of file>/<network name>/*.conf`, whose plugins are appended unless
// loadOnlyInlinedPlugins is set; empty: no folder is looked for. All that is wrong with the list is
// said in one error, `<file>: <problem>; <problem>`.
Result<NetworkConfig> parse_network_list(std::string_view json, std::string_view file);
// One plugin (.conf, .json), made into a list of one.
Result<NetworkConfig> parse_single_plugin(std::string_view json, std::string_view file);

// The plugin's object as text, on one line.
std::string json_of(const PluginConfig& plugin);

// A config directory, read whole.
struct NetworkDirectory {
  std::vector<NetworkConfig> networks{};  // .conflist before .conf and .json, each by file name
  std::vector<Error> broken{};            // one for each file that is no network, naming it
  std::vector<Error> unread{};            // one that cannot be read now, and may hold any network
};
// A directory that does not exist has no networks.
Result<NetworkDirectory> load_networks(const std::string& directory);

}  // namespace netctl::cni

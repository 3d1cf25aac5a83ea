#pragma once

#include <string>

#include "runtime-core/base/result.hpp"

// `netctl install`: our plugins where runtimes look for plugins, beside those of others.
namespace netctl::command {

struct Installation {
  std::string directory = "/opt/cni/bin";
  std::string source{};    // empty: own_plugin_directory()
  bool force = false;      // also where a file is another's; it is kept as NAME.before-netctl
  bool uninstall = false;  // the way back
  bool dry_run = false;    // say what would be done, and change nothing
};

// Copies every plugin of the source into the directory, which is made when it is missing, and
// prints a line for each. Ours are told by the stamp in the file (cni::stamped_version()), whatever
// their version and however they came there; a symbolic link is somebody else's whatever it leads
// to.
//
// Nothing is begun unless all can be done: each plugin of the source is of this netctl's version,
// and no file in the way is another's, or `force` was said. Each is written beside its place, made
// to answer VERSION there, and renamed: whoever calls the plugin at any moment starts the old one
// or the new one. What a failure leaves is the old ones. Several names of one file in the source
// are several names of one file (hard links) in the directory, copies where the file system has no
// such links, never symbolic ones.
//
// A file of another's moves to NAME.before-netctl in the same step. When there is such a file
// already the call is refused: it would be lost.
//
// Uninstalling deletes what is ours, and gives NAME.before-netctl its name back, unless another
// file has that name by now. A directory that there is not is success. Both are refused for the
// directory that the plugins are copied from, which belongs to whoever put netctl there.
Status install_plugins(const Installation& installation);

}  // namespace netctl::command

#include "netctl/built_ins.hpp"

#include <vector>

#include "ipam/built_ins.hpp"
#include "plugins/bridge/plugin.hpp"
#include "portmap/plugin.hpp"

namespace netctl::command {

cni::BuiltIns built_ins() {
  static bridge::Bridge bridge;
  static portmap::PortMap portmap;
  static const auto all = [] {
    std::vector<cni::Plugin*> plugins{&bridge, &portmap};
    for (cni::Plugin* ipam : ipam::built_ins()) plugins.push_back(ipam);
    return plugins;
  }();
  return all;
}

}  // namespace netctl::command

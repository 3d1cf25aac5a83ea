#include "netctl/built_ins.hpp"

#include <vector>

#include "ipam/built_ins.hpp"
#include "plugins/bridge/plugin.hpp"
#include "plugins/container/plugin.hpp"
#include "plugins/firewall/plugin.hpp"
#include "plugins/host/plugin.hpp"
#include "plugins/none/plugin.hpp"
#include "plugins/ptp/plugin.hpp"
#include "plugins/tuning/plugin.hpp"
#include "portmap/plugin.hpp"

namespace netctl::command {

cni::BuiltIns built_ins() {
  static bridge::Bridge bridge;
  static container::Container container;
  static firewall::Firewall firewall;
  static host::Host host;
  static none::None none(none::Role::None);
  static ptp::Ptp ptp;
  static tuning::Tuning tuning;
  static portmap::PortMap portmap;
  static const auto all = [] {
    std::vector<cni::Plugin*> plugins{&bridge, &container, &firewall, &host,
                                      &none,   &ptp,       &tuning,   &portmap};
    for (cni::Plugin* ipam : ipam::built_ins()) plugins.push_back(ipam);
    return plugins;
  }();
  return all;
}

}  // namespace netctl::command

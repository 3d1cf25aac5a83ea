#include "plugins/built_ins.hpp"

#include <array>

#include "ipam/host-local/plugin.hpp"
#include "ipam/static/plugin.hpp"
#include "plugins/bridge/plugin.hpp"
#include "plugins/container/plugin.hpp"
#include "plugins/firewall/plugin.hpp"
#include "plugins/host/plugin.hpp"
#include "plugins/none/plugin.hpp"
#include "plugins/ptp/plugin.hpp"
#include "plugins/tuning/plugin.hpp"
#include "portmap/plugin.hpp"

namespace netctl::plugins {

cni::BuiltIns built_ins() {
  static bridge::Bridge bridge;
  static container::Container container;
  static firewall::Firewall firewall;
  static host::Host host;
  static host_local::HostLocal host_local;
  static none::None loopback(none::Role::Loopback);
  static none::None none(none::Role::None);
  static portmap::PortMap portmap;
  static ptp::Ptp ptp;
  static static_ipam::Static static_ipam;
  static tuning::Tuning tuning;
  static const std::array<cni::Plugin*, 11> all{&bridge,     &container,   &firewall, &host,
                                                &host_local, &loopback,    &none,     &portmap,
                                                &ptp,        &static_ipam, &tuning};
  return all;
}

}  // namespace netctl::plugins

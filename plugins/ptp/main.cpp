#include "ipam/built_ins.hpp"
#include "plugins/ptp/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::ptp::Ptp plugin;
  return netctl::cni::main_of(plugin, netctl::ipam::built_ins());
}

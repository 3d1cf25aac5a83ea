#include "ipam/built_ins.hpp"
#include "plugins/bridge/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::bridge::Bridge plugin;
  return netctl::cni::main_of(plugin, netctl::ipam::built_ins());
}

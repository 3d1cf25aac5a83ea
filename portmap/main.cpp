#include "portmap/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::portmap::PortMap plugin;
  return netctl::cni::main_of(plugin);
}

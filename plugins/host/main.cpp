#include "plugins/host/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::host::Host plugin;
  return netctl::cni::main_of(plugin);
}

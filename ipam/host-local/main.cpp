#include "ipam/host-local/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::host_local::HostLocal plugin;
  return netctl::cni::main_of(plugin);
}

#include "ipam/static/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::static_ipam::Static plugin;
  return netctl::cni::main_of(plugin);
}

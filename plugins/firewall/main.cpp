#include "plugins/firewall/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::firewall::Firewall plugin;
  return netctl::cni::main_of(plugin);
}

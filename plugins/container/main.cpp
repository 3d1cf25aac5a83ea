#include "plugins/container/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::container::Container plugin;
  return netctl::cni::main_of(plugin);
}

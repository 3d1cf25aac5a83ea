#include "plugins/tuning/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main() {
  netctl::tuning::Tuning plugin;
  return netctl::cni::main_of(plugin);
}

#include "plugins/none/plugin.hpp"
#include "runtime-core/cni/plugin.hpp"

int main(int argc, char** argv) {
  netctl::none::None plugin(netctl::none::role_of(argc > 0 ? argv[0] : ""));
  return netctl::cni::main_of(plugin);
}

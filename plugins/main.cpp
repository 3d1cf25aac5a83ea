// All plugins in one executable, which is called by their names (links to it): the code that they
// share is on disk and in memory once.
#include "plugins/built_ins.hpp"
#include "runtime-core/cni/plugin.hpp"

int main(int argc, char** argv) {
  return netctl::cni::main_of(netctl::plugins::built_ins(), argc > 0 ? argv[0] : "");
}

// One program for all targets: FUZZ_TARGET names the one that libFuzzer feeds.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "runtime-core/base/log.hpp"
#include "tests/fuzz/target.hpp"

namespace {

netctl::fuzz::Target chosen;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  netctl::log::set_level(netctl::log::Level::Off);
  const char* const name = std::getenv("FUZZ_TARGET");
  for (const auto& target : netctl::fuzz::all_targets()) {
    if (name == nullptr) std::printf("%s\n", target.name.data());
    if (name != nullptr && target.name == name) chosen = target;
  }
  if (chosen.feed != nullptr) return 0;
  if (name != nullptr) std::fprintf(stderr, "there is no target %s\n", name);
  std::exit(name == nullptr ? 0 : 2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen.feed({data, size});
  return 0;
}

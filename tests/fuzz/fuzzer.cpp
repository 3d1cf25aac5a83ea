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
bool is_fed = false;
struct Exited {};

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

extern "C" void __real_exit(int status);  // the linker's (--wrap)

// libnftnl exits where an attribute is not of the type that it knows ("nf_tables kernel ABI is
// broken"): what the kernel says is trusted that far. It ends the input then, not the fuzzer.
extern "C" void __wrap_exit(int status) {
  if (is_fed) throw Exited{};
  __real_exit(status);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  is_fed = true;
  try {
    chosen.feed({data, size});
  } catch (const Exited&) {
  }
  is_fed = false;
  return 0;
}

// Compiled into the plugins' executable, with NETCTL_STAMP "netctl-plugins <version>": an ELF note
// (elf(5)) by which find_built_in() tells that the file has the plugins of this build.
#include <cstdint>

namespace {

struct Note {
  std::uint32_t name_size;
  std::uint32_t text_size;
  std::uint32_t type;
  char name[8];
  alignas(4) char text[sizeof(NETCTL_STAMP)];
};

[[gnu::section(".note.netctl"), gnu::used]] alignas(4) constexpr Note kNote{
    .name_size = sizeof("netctl"),
    .text_size = sizeof(NETCTL_STAMP),
    .type = 1,
    .name = "netctl",
    .text = NETCTL_STAMP};

}  // namespace

// Debian has fmt as headers and as a shared library only; a shared library costs every plugin
// start-up time, so its code is compiled here, once.
#define FMT_HEADER_ONLY 1
#include <fmt/format.h>

#include "runtime-core/base/format.hpp"

namespace netctl {

std::string format_values(fmt::string_view text, fmt::format_args values) {
  return fmt::vformat(text, values);
}

}  // namespace netctl

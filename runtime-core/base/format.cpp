// Debian has fmt as headers and as a shared library only; a shared library costs every plugin
// start-up time, so its code is compiled here, once.
#define FMT_HEADER_ONLY 1
#include "runtime-core/base/format.hpp"

#include <fmt/format.h>

namespace netctl {

std::string format_values(fmt::string_view text, fmt::format_args values) {
  return fmt::vformat(text, values);
}

}  // namespace netctl

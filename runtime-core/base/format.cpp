// Debian has fmt as headers and as a shared library only; a shared library costs every plugin
// start-up time, so its code is compiled here, once.
#define FMT_HEADER_ONLY 1
#include "runtime-core/base/format.hpp"

#include <fmt/format.h>

namespace netctl {

std::string format_values(fmt::string_view text, fmt::format_args values) {
  return fmt::vformat(text, values);
}

std::string joined(const std::vector<std::string>& texts, std::string_view separator) {
  std::string all;
  for (const std::string& text : texts) {
    if (&text != &texts.front()) all += separator;
    all += text;
  }
  return all;
}

}  // namespace netctl

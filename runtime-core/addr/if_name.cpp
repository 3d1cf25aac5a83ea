#include "runtime-core/addr/if_name.hpp"

#include <algorithm>

namespace netctl {
namespace {

// As the kernel's own table has it (lib/ctype.c): 0xa0 counts, also inside a UTF-8 letter.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\xa0'; }

}  // namespace

Status check_if_name(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::InvalidArgument, "interface name \"{}\" {}", name, why);
  };
  if (name.empty()) return refuse("is empty");
  if (name.size() > kMaxIfNameLength) return refuse("is longer than 15 bytes");
  if (name == "." || name == "..") return refuse("is a directory");
  if (name == "all" || name == "default") return refuse("is a directory of /proc/sys/net");
  const bool bad = std::ranges::any_of(
      name, [](char c) { return c == '/' || c == ':' || c == '%' || c == '\0' || is_space(c); });
  if (bad) return refuse("contains \"/\", \":\", \"%\" or white space");
  return ok();
}

}  // namespace netctl

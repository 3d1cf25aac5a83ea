#include "runtime-core/sys/privileges.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace netctl::sys {

Status keep_capabilities(std::span<const int> capabilities) {
  std::uint32_t kept[_LINUX_CAPABILITY_U32S_3]{};
  for (const int each : capabilities) kept[CAP_TO_INDEX(each)] |= CAP_TO_MASK(each);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, data) != 0) {
    return system_error(errno, "read the process's capabilities");
  }
  for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) {
    data[i].permitted &= kept[i];
    data[i].effective &= kept[i];
  }
  if (::syscall(SYS_capset, &header, data) != 0) {
    return system_error(errno, "give up capabilities");
  }
  return ok();
}

}  // namespace netctl::sys

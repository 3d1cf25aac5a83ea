#include "runtime-core/container/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::container {
namespace {

// By number, as in linux/capability.h.
constexpr std::string_view kCapabilityNames[] = {"CHOWN",
                                                 "DAC_OVERRIDE",
                                                 "DAC_READ_SEARCH",
                                                 "FOWNER",
                                                 "FSETID",
                                                 "KILL",
                                                 "SETGID",
                                                 "SETUID",
                                                 "SETPCAP",
                                                 "LINUX_IMMUTABLE",
                                                 "NET_BIND_SERVICE",
                                                 "NET_BROADCAST",
                                                 "NET_ADMIN",
                                                 "NET_RAW",
                                                 "IPC_LOCK",
                                                 "IPC_OWNER",
                                                 "SYS_MODULE",
                                                 "SYS_RAWIO",
                                                 "SYS_CHROOT",
                                                 "SYS_PTRACE",
                                                 "SYS_PACCT",
                                                 "SYS_ADMIN",
                                                 "SYS_BOOT",
                                                 "SYS_NICE",
                                                 "SYS_RESOURCE",
                                                 "SYS_TIME",
                                                 "SYS_TTY_CONFIG",
                                                 "MKNOD",
                                                 "LEASE",
                                                 "AUDIT_WRITE",
                                                 "AUDIT_CONTROL",
                                                 "SETFCAP",
                                                 "MAC_OVERRIDE",
                                                 "MAC_ADMIN",
                                                 "SYSLOG",
                                                 "WAKE_ALARM",
                                                 "BLOCK_SUSPEND",
                                                 "AUDIT_READ",
                                                 "PERFMON",
                                                 "BPF",
                                                 "CHECKPOINT_RESTORE"};

constexpr std::string_view kDefault[] = {
    "CHOWN",   "DAC_OVERRIDE", "FSETID",           "FOWNER",
    "MKNOD",   "NET_RAW",      "SETGID",           "SETUID",
    "SETFCAP", "SETPCAP",      "NET_BIND_SERVICE", "SYS_CHROOT",
    "KILL",    "AUDIT_WRITE"};

std::string upper(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return made;
}

std::uint64_t mask_of(const std::vector<std::string>& names) {
  std::uint64_t mask = 0;
  for (const std::string& name : names) {
    if (const auto number = parse_capability(name)) mask |= std::uint64_t{1} << *number;
  }
  return mask;
}

// Those that the kernel and the bounding set of this process know.
std::uint64_t available() {
  std::uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) {
    const int in_bounding = ::prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (in_bounding < 0) break;
    if (in_bounding == 1) mask |= std::uint64_t{1} << i;
  }
  return mask;
}

}  // namespace

Result<int> parse_capability(std::string_view text) {
  std::string name = upper(text);
  if (name.starts_with("CAP_")) name.erase(0, 4);
  const auto found = std::ranges::find(kCapabilityNames, name);
  if (found != std::end(kCapabilityNames))
    return static_cast<int>(found - std::begin(kCapabilityNames));
  return fail(Errc::InvalidArgument, "\"{}\" is no capability: capabilities(7) lists them", text);
}

std::string capability_name(int number) { return format("CAP_{}", kCapabilityNames[number]); }

std::vector<std::string> all_capabilities() {
  std::vector<std::string> names;
  for (const std::string_view name : kCapabilityNames) names.push_back(format("CAP_{}", name));
  return names;
}

std::vector<std::string> default_capabilities() {
  std::vector<std::string> names;
  for (const std::string_view name : kDefault) names.push_back(format("CAP_{}", name));
  return names;
}

Status check_capabilities(const Capabilities& capabilities) {
  ErrorList errors;
  for (const auto* set : {&capabilities.bounding, &capabilities.effective, &capabilities.permitted,
                          &capabilities.inheritable, &capabilities.ambient}) {
    for (const std::string& name : *set) {
      if (const auto number = parse_capability(name); !number) errors.add(number.error());
    }
  }
  return errors.status();
}

Status lower_bounding_set(const Capabilities& capabilities) {
  const std::uint64_t keep = mask_of(capabilities.bounding);
  const std::uint64_t had = available();
  for (int i = 0; i < 64; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (!(had & bit) || (keep & bit)) continue;
    if (::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) return system_error(errno, "drop a capability");
  }
  // Without this the change to another user takes everything away.
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return system_error(errno, "keep capabilities");
  return ok();
}

Status set_capabilities(const Capabilities& capabilities) {
  // Beyond what this process may have there is nothing to give.
  const std::uint64_t mask = available();
  const std::uint64_t effective = mask_of(capabilities.effective) & mask;
  const std::uint64_t permitted = mask_of(capabilities.permitted) & mask;
  const std::uint64_t inheritable = mask_of(capabilities.inheritable) & mask;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2]{};
  for (unsigned i = 0; i < 2; ++i) {
    data[i].effective = static_cast<std::uint32_t>(effective >> (32 * i));
    data[i].permitted = static_cast<std::uint32_t>(permitted >> (32 * i));
    data[i].inheritable = static_cast<std::uint32_t>(inheritable >> (32 * i));
  }
  if (::syscall(SYS_capset, &header, data) != 0) return system_error(errno, "set capabilities");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return system_error(errno, "clear ambient capabilities");
  }
  for (const std::string& name : capabilities.ambient) {
    const auto number = parse_capability(name);
    if (number && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, *number, 0, 0) != 0) {
      log::warn("can't raise ambient capability {}: it is not permitted and inheritable", name);
    }
  }
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return system_error(errno, "keep capabilities");
  return ok();
}

}  // namespace netctl::container

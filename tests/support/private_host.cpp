#include "tests/support/private_host.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace netctl::test {
namespace {

// Empty on success, otherwise what was refused.
std::string enter_private_host() {
  const auto failed = [](const char* step) { return std::string(step) + ": " + strerror(errno); };
  const uid_t uid = ::getuid();
  const gid_t gid = ::getgid();
  if (uid != 0) {
    if (::unshare(CLONE_NEWUSER) != 0) return failed("unshare(CLONE_NEWUSER)");
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  }
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return failed("unshare(CLONE_NEWNET)");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("mount /");
  for (const char* directory : {"/run", "/var/lib/cni"}) {
    // On a machine that has no /var/lib/cni yet, the store's parent is replaced instead.
    const char* place = ::access(directory, F_OK) == 0 ? directory : "/var/lib";
    if (::mount("tmpfs", place, "tmpfs", 0, "mode=0755") != 0) return failed("mount tmpfs");
  }
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  const int raised = ::ioctl(socket, SIOCSIFFLAGS, &request);
  if (socket >= 0) ::close(socket);
  if (raised != 0) return failed("bring lo up");
  return "";
}

}  // namespace

void PrivateHost::SetUp() {
  if (const std::string refused = enter_private_host(); !refused.empty()) {
    GTEST_SKIP() << "needs network and mount namespaces; " << refused;
  }
}

}  // namespace netctl::test

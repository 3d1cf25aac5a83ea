#include "runtime-core/attach/host_lock.hpp"

#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/own_netns.hpp"

namespace netctl::attach {

Result<sys::FileLock> lock_host(sys::Lock kind, std::optional<int> socket) {
  return sys::FileLock::acquire(TRY(sys::open_own_netns(socket)), kind,
                                "the host's network namespace");
}

Result<sys::FileLock> lock_netns(const std::string& path) {
  return sys::FileLock::acquire(TRY(ns::open_netns(path)), sys::Lock::Exclusive, path);
}

}  // namespace netctl::attach

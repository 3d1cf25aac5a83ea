#include "runtime-core/sys/successor.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "runtime-core/base/log.hpp"

namespace netctl::sys {
namespace {

// Never destroyed: what is left in it the kernel closes.
std::vector<UniqueFd>& to_close() {
  static auto* const all = new std::vector<UniqueFd>();
  return *all;
}

// One that ends before us is reaped when the next one is started.
std::vector<UniqueFd>& successors() {
  static auto* const all = new std::vector<UniqueFd>();
  return *all;
}

void reap_ended() {
  std::erase_if(successors(), [](const UniqueFd& pidfd) {
    if (!has_ended(pidfd.get())) return false;
    static_cast<void>(wait_for_end(pidfd.get()));
    return true;
  });
}

// All but these, which are sorted.
void close_all_but(const std::vector<int>& kept) {
  unsigned first = 0;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > first) ::syscall(SYS_close_range, first, number - 1, 0);
    first = number + 1;
  }
  ::syscall(SYS_close_range, first, ~0U, 0);
}

// What the kernel waits for before it frees memory (synchronize_rcu()). Where it cannot be had, a
// descriptor's last close(2) waits for what is left.
void wait_for_grace_period() { ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

}  // namespace

Result<int> become_successor(std::vector<int> kept) {
  if (::getppid() <= 1) {
    return fail(Errc::NotSupported, "our parent may be one that does not reap orphans");
  }
  reap_ended();
  std::ranges::sort(kept);
  Child child = TRY(clone_child(0));
  if (child.pid == 0) {
    close_all_but(kept);
    return -1;
  }
  successors().push_back(std::move(child.pidfd));
  return successors().back().get();
}

void close_last(UniqueFd fd) { to_close().push_back(std::move(fd)); }

std::size_t kept_to_close() { return to_close().size(); }

void close_kept() {
  if (to_close().empty()) return;
  std::vector<int> kept;
  for (const UniqueFd& fd : to_close()) kept.push_back(fd.get());
  const auto outlast_us = [] {
    // The kernel's own wait may have begun a moment later than the first of these.
    wait_for_grace_period();
    wait_for_grace_period();
    return 0;
  };
  if (const auto successor = start_successor(std::move(kept), outlast_us); !successor) {
    log::debug("no successor to close sockets: {}", successor.error().message);
  }
  to_close().clear();
}

}  // namespace netctl::sys

#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/sys/child.hpp"

// Waits that somebody else does for us. What the kernel deletes is gone for everybody at once, but
// its memory is freed one or two grace periods of RCU later, 10 to 30 ms, and whoever deletes a
// link (netdev_run_todo(), net/core/dev.c) or closes a netfilter socket after something was taken
// out (nft_rcv_nl_event(), net/netfilter/nf_tables_api.c) is kept in that call until then. A
// successor waits instead: a child that outlives us, holds nothing of ours but the descriptors that
// it is for, not even stderr, and ends with the wait. Whoever inherits orphans reaps it.
//
// For processes with one thread.
namespace netctl::sys {

// For start_successor(): the pidfd, or -1 in the child, where all descriptors are closed but
// `kept`.
Result<int> become_successor(std::vector<int> kept);

// Starts a successor that does `work` with the descriptors `kept`. Its pidfd is lent until the next
// one is started: it can end before us, and whether it failed is for the caller to see in what came
// of the work, which gives an exit status and must not do more than system calls. NotSupported
// where our parent is the first process of its pid namespace, since many of those never reap what
// they did not start: do the work here then, as after any other error.
template <class Work>
Result<int> start_successor(std::vector<int> kept, Work&& work) {
  const int pidfd = TRY(become_successor(std::move(kept)));
  if (pidfd < 0) be_child(work);
  return pidfd;
}

// Keeps a descriptor whose closing would wait, for close_kept().
void close_last(UniqueFd fd);
std::size_t kept_to_close();  // how many there are

// Closes them, while a successor has them open for two grace periods longer: who waits in close(2)
// keeps all others from changing nf_tables meanwhile. Where there can be no successor, it is we who
// wait. The last thing that a main() does; what is kept then the kernel closes.
void close_kept();

}  // namespace netctl::sys

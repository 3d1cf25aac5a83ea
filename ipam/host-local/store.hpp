#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {

// The reservations of one network: a directory in the format of the reference plugin, which may
// work on it at the same time.
//
//   lock                  flock(2) on it guards everything else
//   10.88.0.2             a reservation: its name is the address in canonical text, its content the
//                         owner, "<container id>\r\n<interface>". Old versions wrote only the id:
//                         such a file belongs to all interfaces of the container, as long as none
//                         of the store's files names the interface itself.
//   last_reserved_ip.<n>  the address given last from range set n
//
// A reservation file appears with its whole content or not at all. One that names no owner was left
// by a crash of a program that writes in two steps: it reserves nothing. There is no fsync: after a
// power cut the containers are gone too, and a file that lost its content reserves nothing.
//
// The lock is held for as long as the object lives, so what it read once stays true.
class Store {
 public:
  // Makes the directory when it is missing, and waits for the lock.
  static Result<Store> open(const std::string& directory);
  // Nothing when the directory does not exist; it is not made.
  static Result<std::optional<Store>> find(const std::string& directory);

  // All reserved addresses, sorted. A file that cannot be read reserves its address, too.
  Result<std::vector<IpAddress>> taken();
  // The addresses that belong to the owner, sorted.
  Result<std::vector<IpAddress>> addresses_of(const cni::Attachment& owner);

  // Reserves the address. False: it is taken.
  Result<bool> reserve(const IpAddress& address, const cni::Attachment& owner);
  // Free afterwards; already free is success.
  Status release(const IpAddress& address);
  // Releases all addresses of the owner; goes on past failures and reports them all. Removes what
  // killed processes left unfinished, too.
  Status release_all(const cni::Attachment& owner);
  // The same for every address whose owner is not among `owners`. A file that cannot be read is
  // kept.
  Status retain(const std::vector<cni::Attachment>& owners);

  // Where the set's round robin stands; nothing when that is not known or not readable, which only
  // means to start from the beginning.
  std::optional<IpAddress> last_reserved(std::size_t set) const;
  Status set_last_reserved(std::size_t set, const IpAddress& address);

 private:
  struct Owner {
    enum class State { Known, Nobody, Unreadable };
    State state = State::Nobody;
    cni::Attachment attachment{};  // ifname empty: all interfaces of the container
  };
  struct Entry {
    IpAddress address{};
    Owner owner{};
  };
  struct Contents {
    std::vector<Entry> entries{};          // sorted by address
    std::vector<std::string> leftovers{};  // names of files that a killed process did not finish
  };

  Store(std::string directory, UniqueFd fd, sys::FileLock lock)
      : directory_(std::move(directory)), fd_(std::move(fd)), lock_(std::move(lock)) {}

  static Result<Store> lock(const std::string& directory, UniqueFd fd);
  static Owner parse_owner(std::string_view content);
  Owner read_owner(const std::string& name) const;
  Result<Contents*> contents();
  Status release_each(const std::vector<IpAddress>& addresses);
  Result<bool> create(const std::string& name, std::string_view content);
  Result<bool> create_unnamed(const std::string& name, std::string_view content);
  Result<bool> create_renamed(const std::string& name, std::string_view content);
  std::string path(std::string_view name) const;

  std::string directory_;
  UniqueFd fd_;  // the directory
  sys::FileLock lock_;
  // What the directory holds, read when first needed and kept up to date. An index by owner could
  // take its place without a change to the interface.
  std::optional<Contents> contents_{};
};

}  // namespace netctl::host_local

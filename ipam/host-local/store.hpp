#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipam/host-local/index.hpp"
#include "ipam/host-local/reservation.hpp"
#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/cni/types.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {

struct StorePlace {
  std::string directory{};        // with the reservations of one network
  std::string index_directory{};  // with the indexes of all stores; may be missing
  std::string boot_id{};          // of now; empty: unknown, and no reservation counts as past
};

// The reservations of one network: a directory in the format of the reference plugin, which may
// work on it at the same time.
//
//   lock                  flock(2) on it guards everything else
//   10.88.0.2             a reservation (reservation.hpp)
//   last_reserved_ip.<n>  the address given last from range set n
//
// The lock is held for as long as the object lives, so what it read once stays true. What it costs
// does not depend on how many reservations there are, except where that is said: an index leads to
// the files (index.hpp), and nothing is told or released that its file does not confirm.
class Store {
 public:
  struct Entry {
    IpAddress address{};
    Reservation reservation{};
  };

  // Makes the directory when it is missing, and waits for the lock.
  static Result<Store> open(const StorePlace& place);
  // Nothing when the directory does not exist; it is not made.
  static Result<std::optional<Store>> find(const StorePlace& place);

  Store(Store&&) noexcept = default;
  Store& operator=(Store&&) = delete;
  ~Store();  // brings the index in step

  // The first address of from..to, both included, that seems to be free.
  Result<std::optional<IpAddress>> first_free(const IpAddress& from, const IpAddress& to);
  // The addresses that belong to the owner, sorted. Where no file names his interface, those of the
  // files that name only his container.
  Result<std::vector<IpAddress>> addresses_of(const cni::Attachment& owner);
  // What the file of this address holds; nothing when there is none.
  std::optional<Reservation> find(const IpAddress& address) const;
  // When it was made, in Unix time; 0 when that cannot be told.
  std::int64_t reserved_at(const IpAddress& address) const;
  // Every file, sorted by address. Reads them all and makes the index anew.
  Result<std::vector<Entry>> scan();

  // Reserves the address. False: it is taken. `tag` as in create_reservation().
  Result<bool> reserve(const IpAddress& address, const cni::Attachment& owner,
                       const std::string& tag);
  // Free afterwards; already free is success.
  Status release(const IpAddress& address);
  // Releases all addresses of the owner, those of before the last boot too; goes on past failures
  // and reports them all. Where none was found and a file could not be read, it may be his: a
  // failure.
  Status release_all(const cni::Attachment& owner);
  // The same for every address whose owner is not among `owners`. A file that cannot be read is
  // kept, and a failure. Reads every file.
  Status retain(const std::vector<cni::Attachment>& owners);

  // Where the set's round robin stands; nothing when that is not known or not readable, which only
  // means to start from the beginning.
  std::optional<IpAddress> last_reserved(std::size_t set) const;
  Status set_last_reserved(std::size_t set, const IpAddress& address);

 private:
  Store(const StorePlace& place, UniqueFd fd, sys::FileLock lock)
      : place_(place), fd_(std::move(fd)), lock_(std::move(lock)) {}

  static Result<Store> lock(const StorePlace& place, UniqueFd fd);
  Result<Index*> index();
  std::string index_path() const;
  Result<std::vector<Entry>> entries_of(const cni::Attachment& owner);
  Result<std::optional<std::vector<Entry>>> confirmed(const cni::Attachment& owner);
  Status release(const Entry& entry);
  Status release_each(const std::vector<Entry>& entries);
  void remove_unfinished(const std::vector<std::string>& names);
  Status readability_of(const std::vector<Entry>& entries) const;
  std::string path(std::string_view name) const;

  StorePlace place_;
  UniqueFd fd_;  // the directory
  sys::FileLock lock_;
  std::unique_ptr<Index> index_{};  // once it was needed
  bool index_is_whole_ = true;      // made of files that could all be read
  Status unfinished_{};             // how removing what killed processes left went
  Status unread_{};                 // which files could not be read, when all were
};

}  // namespace netctl::host_local

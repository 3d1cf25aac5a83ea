#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ipam/host-local/index_tables.hpp"
#include "ipam/host-local/reservation.hpp"

namespace netctl::host_local {

// Where in a store's directory to look, so that not every file of it has to be read. The files are
// the truth; the index is a file of ours elsewhere (index_tables.hpp shows it), and made anew from
// them whenever it may be wrong.
//
// How it is known to be right: whoever changes a directory moves its time of last modification to
// the present. We set it to a moment of the past after each change of ours, and keep that moment in
// the index. As long as the directory has it, nobody has created or removed a file since: no other
// program, and no process of ours that died before it was done. The clock's coarse steps do not
// matter, since nobody's present is our past. Where a file system does not keep the moment exactly,
// there is no index, and each call reads the files.
//
// Whoever uses it holds the store's lock.
class Index {
 public:
  // The index of the store's directory; nothing when there is none, or it may be wrong.
  static std::optional<Index> find(const std::string& path, const struct stat& store,
                                   std::string_view boot_id);
  // One without anything in it.
  static Index make(std::string path, std::string boot_id);
  // The file's name in a directory for the indexes of many stores.
  static std::string name_of(const struct stat& store);

  Index(Index&&) noexcept = default;
  Index& operator=(Index&&) noexcept = default;

  std::optional<IpAddress> first_free(const IpAddress& from, const IpAddress& to) {
    return tables().first_free(from, to);
  }
  // What to read for the owner's addresses; may name files that are not his.
  std::vector<IpAddress> candidates(const cni::Attachment& owner) {
    return tables().addresses_of(digest_of(owner));
  }

  // A file of the store holds this.
  void add(const IpAddress& address, const Reservation& reservation);
  // It held that, and is gone.
  void remove(const IpAddress& address, const Reservation& reservation);

  // Writes down what was added and removed, as of now: to be called after the last change to the
  // directory, which is open as `store`. Never fails: an index that cannot be kept is done without.
  void settle(int store);

 private:
  // Memory of the index' file.
  class Mapping {
   public:
    static std::optional<Mapping> of(const std::string& path);
    Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    Mapping& operator=(Mapping&& other) noexcept {
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Mapping();
    std::span<std::byte> bytes() const { return bytes_; }

   private:
    explicit Mapping(std::span<std::byte> bytes) : bytes_(bytes) {}
    std::span<std::byte> bytes_;
  };

  Index(std::string path, std::string boot_id)
      : path_(std::move(path)), boot_id_(std::move(boot_id)) {}

  IndexTables tables() { return IndexTables(mapping_ ? mapping_->bytes() : memory_); }
  void begin_change();
  bool stamp(int store);

  std::string path_;
  std::string boot_id_;
  // The tables are in the file itself, or in memory that becomes the file.
  std::optional<Mapping> mapping_{};
  std::vector<std::byte> memory_{};
  bool changed_ = false;
};

}  // namespace netctl::host_local

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::host_local {

// The two tables of an index, in memory that somebody else owns: which addresses are taken, and
// which addresses an owner may have. Both are hash tables with open addressing, so a search looks
// at a few neighbouring slots whatever their number; a table is made anew, larger, before it is
// full.
//
//   Header            IndexHeader, 128 bytes
//   Block[blocks]     256 neighbouring addresses, one bit each: set is taken
//   Holder[holders]   a digest of an owner, and one address of it
//
// All numbers in the byte order of the machine: an index is never read by another one.
struct IndexHeader {
  char magic[24];
  char boot[48];         // the boot id, zeros behind it
  std::uint64_t device;  // of the store's directory, as the next three
  std::uint64_t inode;
  std::int64_t seconds;  // its time of last modification when the index was brought in step
  std::int64_t nanoseconds;
  std::uint32_t blocks;       // slots; a power of two, as is the number of holders
  std::uint32_t used_blocks;  // slots that are not empty
  std::uint32_t holders;
  std::uint32_t used_holders;
  std::uint64_t checksum;  // of all before it
};
static_assert(sizeof(IndexHeader) == 128);

// What stands for an owner in an index. Two owners may have the same, so whoever finds an address
// by it reads the address' file before believing it.
std::uint64_t digest_of(const cni::Attachment& owner);

class IndexTables {
 public:
  // Bytes of an empty index; all of it zero but the numbers of slots.
  static std::vector<std::byte> make(std::uint32_t blocks = 16, std::uint32_t holders = 64);
  // Whether the bytes are as many as their header says.
  static bool fit(std::span<const std::byte> bytes);

  // Borrows the bytes, for which fit() holds.
  explicit IndexTables(std::span<std::byte> bytes) : bytes_(bytes) {}

  IndexHeader& header() const;

  bool is_taken(const IpAddress& address) const;
  // The first address of from..to, both included, that is not taken.
  std::optional<IpAddress> first_free(const IpAddress& from, const IpAddress& to) const;
  // Of everyone with this digest, in no order.
  std::vector<IpAddress> addresses_of(std::uint64_t owner) const;

  // Whether a new address and a new holder fit in. Otherwise grown() does.
  bool has_room() const;
  // Bytes of an index that holds the same and has room.
  std::vector<std::byte> grown() const;

  // Each may be done twice. The first two need has_room().
  void take(const IpAddress& address);
  void hold(std::uint64_t owner, const IpAddress& address);
  void free(const IpAddress& address);
  void drop(std::uint64_t owner, const IpAddress& address);

 private:
  struct Block;
  struct Holder;

  std::span<Block> blocks() const;
  std::span<Holder> holders() const;
  Block* find_block(const IpAddress& address) const;
  Holder* find_holder(std::uint64_t owner, const IpAddress& address) const;

  std::span<std::byte> bytes_;
};

}  // namespace netctl::host_local

#include "ipam/host-local/index_tables.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

namespace netctl::host_local {

namespace {

using AddressBytes = std::array<std::uint8_t, 16>;
using Bits = std::array<std::uint64_t, 4>;

AddressBytes bytes_of(const IpAddress& address) {
  AddressBytes bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  return bytes;
}

std::uint8_t family_of(const IpAddress& address) { return address.is_v4() ? 4 : 6; }

// The position of an address in its block.
std::uint8_t last_byte(const IpAddress& address) { return address.bytes().back(); }

// Every bit of the result depends on every bit of the number (the finaliser of splitmix64).
std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

std::uint64_t digest_of_key(const AddressBytes& key) {
  std::array<std::uint64_t, 2> halves;
  std::memcpy(halves.data(), key.data(), sizeof halves);
  return mixed(halves[0] ^ mixed(halves[1]));
}

// The first position from `begin` on whose bit is not set; 256 when there is none.
unsigned first_zero(const Bits& bits, unsigned begin) {
  for (unsigned word = begin / 64; word < bits.size(); ++word) {
    const std::uint64_t below = word == begin / 64 ? (std::uint64_t{1} << (begin % 64)) - 1 : 0;
    const std::uint64_t taken = bits[word] | below;
    if (~taken != 0) return word * 64 + static_cast<unsigned>(std::countr_one(taken));
  }
  return 256;
}

bool is_full(std::uint32_t used, std::uint32_t slots) { return used >= slots / 4 * 3; }

// Slots for twice as many as there are, so that a table that has grown has room for a while.
std::uint32_t slots_for(std::size_t count, std::uint32_t least) {
  return std::max(least, std::bit_ceil(static_cast<std::uint32_t>(count * 2 + 1)));
}

}  // namespace

struct IndexTables::Block {
  // What the addresses have in common: an address with zero for its last byte. Key byte 15, which
  // no address needs then, is the family: 4 or 6; 0 in an empty slot.
  AddressBytes key;
  Bits taken;

  bool is_empty() const { return key[15] == 0; }

  static AddressBytes key_of(const IpAddress& address) {
    AddressBytes key = bytes_of(address);
    key[address.is_v4() ? 3 : 15] = 0;
    key[15] = family_of(address);
    return key;
  }
};

struct IndexTables::Holder {
  std::uint64_t owner;
  AddressBytes address;
  std::uint8_t family;  // 4 or 6; 0 in an empty slot
  std::uint8_t unused[7];

  bool is_empty() const { return family == 0; }
  bool is(std::uint64_t digest, const IpAddress& wanted) const {
    return owner == digest && family == family_of(wanted) && address == bytes_of(wanted);
  }
  IpAddress value() const {
    return IpAddress::from_bytes({address.data(), family == 4 ? std::size_t{4} : address.size()});
  }
};

std::uint64_t digest_of(const cni::Attachment& owner) {
  std::uint64_t digest = 0xcbf29ce484222325U;  // FNV-1a
  const auto add = [&](std::string_view text) {
    for (const char byte : text) {
      digest = (digest ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
    }
  };
  add(owner.container_id);
  add({"\n", 1});
  add(owner.ifname);
  return mixed(digest);
}

std::vector<std::byte> IndexTables::make(std::uint32_t blocks, std::uint32_t holders) {
  static_assert(sizeof(Block) == 48 && sizeof(Holder) == 32);
  std::vector<std::byte> bytes(sizeof(IndexHeader) + blocks * sizeof(Block) +
                               holders * sizeof(Holder));
  IndexHeader& header = IndexTables(bytes).header();
  header.blocks = blocks;
  header.holders = holders;
  return bytes;
}

bool IndexTables::fit(std::span<const std::byte> bytes) {
  IndexHeader header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return std::has_single_bit(header.blocks) && std::has_single_bit(header.holders) &&
         header.used_blocks < header.blocks && header.used_holders < header.holders &&
         bytes.size() ==
             sizeof header + header.blocks * sizeof(Block) + header.holders * sizeof(Holder);
}

IndexHeader& IndexTables::header() const { return *reinterpret_cast<IndexHeader*>(bytes_.data()); }

std::span<IndexTables::Block> IndexTables::blocks() const {
  return {reinterpret_cast<Block*>(bytes_.data() + sizeof(IndexHeader)), header().blocks};
}

std::span<IndexTables::Holder> IndexTables::holders() const {
  std::byte* const begin = bytes_.data() + sizeof(IndexHeader) + header().blocks * sizeof(Block);
  return {reinterpret_cast<Holder*>(begin), header().holders};
}

// The address' block, or the empty slot where it would be. A table that is damaged may have no
// empty slot: the search ends where it began.
IndexTables::Block* IndexTables::find_block(const IpAddress& address) const {
  const auto slots = blocks();
  const auto key = Block::key_of(address);
  const std::size_t begin = digest_of_key(key) & (slots.size() - 1);
  for (std::size_t step = 0; step < slots.size(); ++step) {
    Block& slot = slots[(begin + step) & (slots.size() - 1)];
    if (slot.is_empty() || slot.key == key) return &slot;
  }
  return &slots[begin];
}

IndexTables::Holder* IndexTables::find_holder(std::uint64_t owner, const IpAddress& address) const {
  const auto slots = holders();
  for (std::size_t step = 0; step < slots.size(); ++step) {
    Holder& slot = slots[(owner + step) & (slots.size() - 1)];
    if (slot.is_empty() || slot.is(owner, address)) return &slot;
  }
  return &slots[owner & (slots.size() - 1)];
}

bool IndexTables::is_taken(const IpAddress& address) const {
  const Block& block = *find_block(address);
  const unsigned position = last_byte(address);
  return !block.is_empty() && (block.taken[position / 64] >> (position % 64) & 1) != 0;
}

std::optional<IpAddress> IndexTables::first_free(const IpAddress& from, const IpAddress& to) const {
  for (IpAddress address = from; address <= to;) {
    const Block& block = *find_block(address);
    // Of another block where a table is damaged and has no empty slot: nothing is known then.
    if (block.is_empty() || block.key != Block::key_of(address)) return address;
    const unsigned begin = last_byte(address);
    const unsigned position = first_zero(block.taken, begin);
    const IpAddress next = address.next(position - begin);
    // Past the last address of all it goes on at zero.
    if (next < address) return std::nullopt;
    if (position < 256) return next <= to ? std::optional(next) : std::nullopt;
    address = next;
  }
  return std::nullopt;
}

std::vector<IpAddress> IndexTables::addresses_of(std::uint64_t owner) const {
  std::vector<IpAddress> found;
  const auto slots = holders();
  for (std::size_t step = 0; step < slots.size(); ++step) {
    const Holder& slot = slots[(owner + step) & (slots.size() - 1)];
    if (slot.is_empty()) break;
    if (slot.owner == owner) found.push_back(slot.value());
  }
  return found;
}

bool IndexTables::has_room() const {
  return !is_full(header().used_blocks, header().blocks) &&
         !is_full(header().used_holders, header().holders);
}

std::vector<std::byte> IndexTables::grown() const {
  const auto is_in_use = [](const Block& block) { return block.taken != Bits{}; };
  const auto used = static_cast<std::size_t>(std::ranges::count_if(blocks(), is_in_use));
  auto bytes = make(slots_for(used, 16), slots_for(header().used_holders, 64));
  IndexTables larger(bytes);
  for (const Block& block : blocks()) {
    if (block.is_empty() || !is_in_use(block)) continue;
    const IpAddress address = IpAddress::from_bytes(
        {block.key.data(), block.key[15] == 4 ? std::size_t{4} : block.key.size()});
    Block& slot = *larger.find_block(address);
    slot = block;
    ++larger.header().used_blocks;
  }
  for (const Holder& holder : holders()) {
    if (!holder.is_empty()) larger.hold(holder.owner, holder.value());
  }
  return bytes;
}

void IndexTables::take(const IpAddress& address) {
  assert(has_room());
  Block& block = *find_block(address);
  if (block.is_empty()) {
    block.key = Block::key_of(address);
    ++header().used_blocks;
  }
  const unsigned position = last_byte(address);
  block.taken[position / 64] |= std::uint64_t{1} << (position % 64);
}

void IndexTables::hold(std::uint64_t owner, const IpAddress& address) {
  Holder& holder = *find_holder(owner, address);
  if (!holder.is_empty()) return;
  holder = {.owner = owner, .address = bytes_of(address), .family = family_of(address), .unused{}};
  ++header().used_holders;
}

// An empty block stays: a search for another one may have to pass it.
void IndexTables::free(const IpAddress& address) {
  Block& block = *find_block(address);
  const unsigned position = last_byte(address);
  if (!block.is_empty()) block.taken[position / 64] &= ~(std::uint64_t{1} << (position % 64));
}

void IndexTables::drop(std::uint64_t owner, const IpAddress& address) {
  Holder* const found = find_holder(owner, address);
  if (!found->is(owner, address)) return;
  --header().used_holders;
  // Those behind it move up where the gap would end the search for them.
  const auto slots = holders();
  const std::size_t mask = slots.size() - 1;
  auto gap = static_cast<std::size_t>(found - slots.data());
  const std::size_t begin = gap;
  for (std::size_t step = 1; step < slots.size(); ++step) {
    const std::size_t at = (begin + step) & mask;
    if (slots[at].is_empty()) break;
    const std::size_t home = slots[at].owner & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    slots[gap] = slots[at];
    gap = at;
  }
  slots[gap] = {};
}

}  // namespace netctl::host_local

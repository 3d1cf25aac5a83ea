#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "ipam/host-local/tag.hpp"
#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/types.hpp"

// One file of the store: an address that somebody has.
//
// Its name is the address in canonical text, its content "<container id>\r\n<interface>". Old
// versions wrote only the id: such a file belongs to all interfaces of the container.
//
// It appears with its whole content and its tag, or not at all. One that names no owner was left by
// a crash of a program that writes in two steps. There is no fsync: after a power cut the
// containers are gone too, and a file that lost its content reserves nothing.
namespace netctl::host_local {

struct Reservation {
  enum class State {
    Held,       // somebody's
    Past,       // made before the machine was last started, with all that was attached: free
    Nobody,     // names no owner: free
    Unreadable  // counts as taken
  };
  State state = State::Nobody;
  cni::Attachment owner{};   // of Held and Past; ifname empty: all interfaces of the container
  std::optional<Tag> tag{};  // the reference plugin makes none; nothing is known then
  int error = 0;             // why it is Unreadable, as in errno(3)
  bool is_unreadable() const { return state == State::Unreadable; }
  // It may be anybody's. What is no regular file is nobody's, though not free either.
  bool has_unknown_owner() const { return is_unreadable() && error != EISDIR && error != ENXIO; }
  bool is_taken() const { return state == State::Held || is_unreadable(); }
};

// The address that a file of this name reserves. Other spellings of an address are not ours: nobody
// who looks for the canonical one would see them.
std::optional<IpAddress> reserved_address(const std::string& name);

// What a file holds. `boot_id` is that of now; empty: no reservation is known to be past.
Reservation parse_reservation(std::string_view content, std::string_view tag,
                              std::string_view boot_id);

// Reads the file; nothing when there is none. What is wrong with one that cannot be read is logged.
std::optional<Reservation> find_reservation(int directory, const std::string& name,
                                            std::string_view boot_id);

// Makes the file. False: the name is taken. Where the file system keeps no attributes, and for an
// empty `tag`, it has none.
Result<bool> create_reservation(int directory, const std::string& name,
                                const cni::Attachment& owner, const std::string& tag);

// Whether the file was left behind by a process that was killed in create_reservation().
bool is_unfinished_reservation(std::string_view name);

}  // namespace netctl::host_local

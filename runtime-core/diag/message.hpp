#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime-core/diag/listeners.hpp"

struct nlmsghdr;  // linux/netlink.h

// Inside this directory only: the messages of sock_diag as pure functions of values and bytes
// (include/uapi/linux/inet_diag.h).
namespace netctl::diag {

// Asks for the listening sockets of one family; "::" is among those of IPv6, whatever it takes.
std::vector<std::uint8_t> encode_list(Family family, Protocol protocol,
                                      std::optional<std::uint16_t> port);

// The socket that one message reports; nothing for a message about something else.
std::optional<Listener> decode_listener(const nlmsghdr* message, Protocol protocol);

}  // namespace netctl::diag

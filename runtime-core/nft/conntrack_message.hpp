#pragma once

#include <cstdint>
#include <optional>

#include "runtime-core/nft/conntrack.hpp"
#include "runtime-core/nft/data.hpp"

struct nlmsghdr;  // linux/netlink.h

// Inside this directory only: the messages of nfnetlink's conntrack subsystem, as pure functions of
// values and bytes (include/uapi/linux/netfilter/nfnetlink_conntrack.h). Numbers in attributes are
// in network order, but for the flags in CTA_FILTER.
namespace netctl::nft {

Bytes encode_list_connections(const ConnectionFilter& filter, std::uint32_t sequence);
Bytes encode_delete_connection(const Connection& connection, std::uint32_t sequence);

// Nothing for a message about something else, and for a connection of a protocol without ports.
std::optional<Connection> decode_connection(const nlmsghdr* message);

bool matches(const ConnectionFilter& filter, const Connection& connection);

}  // namespace netctl::nft
